"""*Show code*: the few lines of Python, and the command, that make what a page shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tlviz.api.asking import RACE_OPTIONS
from tlviz.api.written import call, options, shell, value_text
from tlviz.diagnose.request import LIMIT
from tlviz.errors import TlvizError
from tlviz.explore.attribution.methods import METHODS, USUAL_BASELINE, Method
from tlviz.finetune.config import SETTINGS, FinetuneConfig, configure
from tlviz.runs.races.plan import PLAN, STRATEGY
from tlviz.runs.races.race import BEST, planned_settings
from tlviz.runs.store.folder import RunFolder

_IMPORT = "import tlviz\n\n"
_BASE = ("model", "data", "strategy")
USUAL_ORDER = "standing out"


@dataclass(frozen=True, slots=True)
class Snippet:
    """What makes a view: ``python`` shows it, ``again`` makes the run that it shows, ``command`` is for a shell.

    ``again`` and ``command`` are '' where there is nothing of the kind.
    """

    python: str
    command: str = ""
    again: str = ""


def overview_code(model: str, data: str) -> Snippet:
    """Return the lines that load a network and open a target."""
    lines = [
        f"network = {call('tlviz.load_network', model)}",
        f"target = {call('tlviz.open_target', data)}",
        "network.table()",
        "target.table()",
    ]
    return Snippet(_python(lines), shell("models", "show", model))


def models_code(models: Sequence[str]) -> Snippet:
    """Return the lines that load networks."""
    lines = [line for name in models for line in (f"network = {call('tlviz.load_network', name)}", "network.table()")]
    return Snippet(_python(lines), "\n".join(shell("models", "show", name) for name in models))


def target_code(
    model: str, data: str, *, seed: int = 0, test_share: float = 0.0, labels_per_class: int | None = None
) -> Snippet:
    """Return the lines that open a target and part it."""
    told = {
        name: value
        for name, value, usual in (
            ("seed", seed, 0),
            ("test_share", test_share, 0.0),
            ("labels_per_class", labels_per_class, None),
        )
        if value != usual
    }
    lines = [
        f"target = {call('tlviz.open_target', data)}",
        f"parted = {call('target.split', model, **told)}",
        "parted.table()",
        "parted.figure()",
    ]
    return Snippet(_python(lines), shell("datasets", "check", data))


@dataclass(frozen=True, slots=True)
class Looked:
    """What a page of *Look* looks at: a network, a picture of a target, and runs beside it.

    ``is_file``: the picture is a person's own file and not one of the target.
    """

    model: str
    data: str
    picture: str
    is_file: bool = False
    runs: tuple[str, ...] = ()

    def call(self, function: str, **named: Any) -> str:
        """Write the call that looks at it; what is None is left out."""
        told = {name: value for name, value in named.items() if value is not None}
        picture = {"picture": self.picture}
        return call(function, self.model, **picture, **told) if self.is_file else call(
            function, self.model, self.data, **picture, **told
        )  # fmt: skip

    @property
    def remark(self) -> list[str]:
        """Say that a file's place is not known."""
        return [f"# {value_text(self.picture)} is the file you uploaded: give its path"] if self.is_file else []


def feature_maps_code(
    looked: Looked,
    *,
    stage: str | None = None,
    layer: str | None = None,
    order: str = USUAL_ORDER,
    numbers: Sequence[int] = (),
    channel: int | None = None,
    position: tuple[int, int] | None = None,
    second: Looked | None = None,
    edit: Mapping[str, Any] | None = None,
) -> Snippet:
    """Return the lines that look at feature maps: of a picture, a second one, a changed one, and of runs.

    ``order`` and ``numbers`` say which channels come first; ``channel`` is a single one that is followed, ``position``
    the row and column whose receptive field is shown.
    """
    where = {"stage": stage if layer else None, "layer": layer}
    place = layer or stage
    lines = [*looked.remark, f"maps = {looked.call('tlviz.feature_maps', **where)}"]
    lines += [] if channel is None else [f"maps.maps[{value_text(place)}][{channel}]"]
    if position is not None:
        lines.append(f"seen = {call('maps.field', place, *position)}")
    chosen = {"order": order} if order != USUAL_ORDER and not numbers else {}
    if numbers and place:
        lines.append(f"maps.maps[{value_text(place)}][{list(numbers)}]")
    else:
        lines.append(call("maps.figure", *([place] if place else []), **chosen))
    if second is not None:
        lines += ["", *second.remark, f"other = {second.call('tlviz.feature_maps', **where)}"]
        lines.append(call("other.figure", *([place] if place else []), **chosen))
    if edit:
        lines += ["", "from tlviz.explore.maps.edits import Edit, edit_picture", ""]
        lines.append(f"changed = edit_picture(maps.pixels, {call('Edit', **edit)})")
        told = {name: value for name, value in where.items() if value is not None}
        named = ", ".join(f"{name}={value_text(value)}" for name, value in told.items())
        lines.append(f"after = tlviz.feature_maps({value_text(looked.model)}, picture=changed{named and f', {named}'})")
    for at, run in enumerate(looked.runs, start=1):
        lines += ["", f"run_{at} = {looked.call('tlviz.feature_maps', **where, run=run)}"]
        lines.append(call(f"run_{at}.figure", *([place] if place else []), **chosen))
    return Snippet(_python(lines))


def attribute_code(
    looked: Looked,
    method: Method,
    *,
    class_name: str | int | None = None,
    rather_than: str | int | None = None,
    stage: str | None = None,
    baseline: str = USUAL_BASELINE,
    run_class: str | None = None,
) -> Snippet:
    """Return the lines that explain an answer, of a network and of runs; ``run_class`` is the class for the runs."""
    told = {
        "method": method,
        "class_name": class_name,
        "rather_than": rather_than,
        "stage": stage or None,
        "baseline": baseline if METHODS[method].uses_baseline and baseline != USUAL_BASELINE else None,
    }
    lines = [*looked.remark, f"why = {looked.call('tlviz.attribute', **told)}", "why.figure()"]
    own = told | {"class_name": run_class, "rather_than": None}  # a run answers with the target's classes
    for at, run in enumerate(looked.runs, start=1):
        lines += ["", f"run_{at} = {looked.call('tlviz.attribute', **own, run=run)}", f"run_{at}.figure()"]
    return Snippet(_python(lines))


def channel_code(model: str, data: str, stage: str, number: int, run: str | None = None) -> Snippet:
    """Return the lines that say what a channel answers to."""
    lines = [
        f"found = {call('tlviz.channel', model, data, stage, number, **({'run': run} if run else {}))}",
        "found.table()",
        "found.figure()",
    ]
    return Snippet(_python(lines))


def profile_code(model: str, data: str, others: Sequence[tuple[str, str]] = (), limit: int = LIMIT) -> Snippet:
    """Return the lines that measure a network on a target, and others beside it, each a network and a target."""
    told = {} if limit == LIMIT else {"limit": limit}
    lines = [f"measured = {call('tlviz.profile', model, data, **told)}", "measured.table()"]
    if others:
        calls = [call("tlviz.profile", *other, **told) for other in others]
        lines += ["", "others = [", *(f"    {each}," for each in calls), "]", "measured.figure(*others)"]
    else:
        lines.append("measured.figure()")
    limited = [] if limit == LIMIT else ["--limit", str(limit)]
    commands = [shell("profile", "--model", name, "--data", on, *limited) for name, on in [(model, data), *others]]
    return Snippet(_python(lines), "\n".join(commands))


def finetune_code(config: FinetuneConfig) -> Snippet:
    """Return the lines that start a run with these settings."""
    told = chosen_settings(config)
    run = call("tlviz.finetune", config.model, config.data, config.strategy, **told)
    words = ["--model", config.model, "--data", config.data, "--strategy", config.strategy, *options(SETTINGS, told)]
    return Snippet(_python([f"run = {run}", "run.table()", "run.figure()"]), shell("finetune", *words))


def chosen_settings(config: FinetuneConfig) -> dict[str, Any]:
    """Return the settings of a run that are not what network, target and strategy decide by themselves."""
    usual = asdict(configure(config.model, config.data, config.strategy))
    given = asdict(config)
    return {
        name: given[name]
        for name in SETTINGS
        if name not in _BASE and given[name] != usual[name] and given[name] is not None
    }


def race_code(configs: Sequence[FinetuneConfig], sweep: str, *, halving: bool = False) -> Snippet:
    """Return the lines that start a race of these runs."""
    first = configs[0]
    seeds = list(dict.fromkeys(config.seed for config in configs))
    values = list(dict.fromkeys(getattr(config, sweep) for config in configs))
    in_race = {row.name for row in RACE_OPTIONS} - {sweep}
    told = {name: value for name, value in chosen_settings(first).items() if name in in_race}
    if sweep == STRATEGY:
        how: dict[str, Any] = {}
        tried, words = [values], ["--strategies", ",".join(values)]
    else:
        how = {"sweep": sweep, "values": values, "strategy": first.strategy}
        texts = ",".join(map(str, values))
        tried, words = [], ["--strategy", first.strategy, "--sweep", sweep, f"--values={texts}"]
    named = how | ({} if seeds == [0, 1, 2] else {"seeds": seeds}) | ({"halving": True} if halving else {}) | told
    raced = call("tlviz.race", first.model, first.data, *tried, **named)
    words = ["--model", first.model, "--data", first.data, *words, "--seeds", ",".join(map(str, seeds))]
    words += [*(["--halving"] if halving else []), *options({row.name: row for row in RACE_OPTIONS}, told)]
    return Snippet(_python([f"raced = {raced}", "raced.table()", "raced.figure()"]), shell("race", *words))


def run_code(run: RunFolder) -> Snippet:
    """Return the lines that open a run or a race, and those that make it again."""
    is_race = run.config()["kind"] == "race"
    name = "raced" if is_race else "run"
    opened = _python([f"{name} = tlviz.runs()[{value_text(run.name)}]", f"{name}.table()", f"{name}.figure()"])
    try:
        made = _race_again(run) if is_race else finetune_code(_config(run.config()["settings"]))
    except (TlvizError, KeyError, TypeError, ValueError):  # of another version, or of a network that is gone
        made = Snippet("")
    show = shell("runs", "show", run.name)
    return Snippet(opened, "\n".join(filter(None, ["" if is_race else show, made.command])), made.python)


def compare_code(runs: Sequence[str]) -> Snippet:
    """Return the lines that compare runs."""
    lines = [
        f"compared = {call('tlviz.compare', *runs)}",
        "compared.table()",
        "compared.differences()",
        "compared.figure()",
    ]
    return Snippet(_python(lines), shell("runs", "report", *runs, "--to", "compared.html"))


def runs_code(run: str = "") -> Snippet:
    """Return the lines that list the runs, and open one."""
    lines = ["every = tlviz.runs()", "every.table()"]
    lines += [f"run = every[{value_text(run)}]", "run.table()"] if run else []
    return Snippet(_python(lines), "\n".join([shell("runs"), *([shell("runs", "show", run)] if run else [])]))


def export_code(run: str, to: str, formats: Sequence[str], weights: str = "best") -> Snippet:
    """Return the lines that write a run's network into a folder and check it."""
    last = {} if weights == "best" else {"weights": weights}
    made = call("tlviz.export", run, to, list(formats), zip=True, **last)
    words = ["export", run, "--to", to, "--formats", ",".join(formats), "--zip"]
    words += [] if weights == "best" else ["--weights", weights]
    return Snippet(_python([f"exported = {made}", "exported.table()"]), shell(*words))


def _race_again(run: RunFolder) -> Snippet:
    settings = run.config()["settings"]
    if searched := settings.get(BEST):
        minutes, models = searched["minutes"], list(searched["models"])
        made = call("tlviz.best", settings["data"], minutes=minutes, models=models)
        words = ["--data", settings["data"], "--minutes", f"{minutes:g}", "--model", ",".join(models)]
        return Snippet(_python([f"found = {made}", "found.table()"]), shell("best", *words))
    sweep = str(settings.get("sweep", ""))
    configs = [_config(planned) for planned in planned_settings(settings)]
    if sweep == PLAN or sweep not in SETTINGS:  # each run differs in more than one setting
        lines = [f"run_{at} = {_call_of(config)}" for at, config in enumerate(configs, start=1)]
        return Snippet(_python(lines))
    return race_code(configs, sweep, halving=bool(settings.get("halving")))


def _call_of(config: FinetuneConfig) -> str:
    return call("tlviz.finetune", config.model, config.data, config.strategy, **chosen_settings(config))


def _config(settings: Mapping[str, Any]) -> FinetuneConfig:
    return FinetuneConfig.from_json(settings)


def _python(lines: Sequence[str]) -> str:
    return _IMPORT + "\n".join(lines)
