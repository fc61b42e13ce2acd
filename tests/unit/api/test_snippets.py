"""The lines of *Show code* say exactly what was asked, in Python and for a shell."""

from __future__ import annotations

import ast
import shlex
from typing import Any

import pytest

import tlviz.api.training as training
from tlviz.api.asking import ask_race, ask_run, what_is_swept
from tlviz.api.snippets import (
    Looked,
    attribute_code,
    compare_code,
    export_code,
    feature_maps_code,
    finetune_code,
    profile_code,
    race_code,
    run_code,
    target_code,
)
from tlviz.cli.commands import make_app
from tlviz.explore.attribution.methods import Method
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.runs.races.plan import plan_race
from tlviz.runs.store.folder import create_run

CONFIGS = [
    configure("squeezenet1_1", "photos", "head_only"),
    configure("squeezenet1_1", "clipart", "last_stages", epochs=3, freeze=5, head_lr=2.5e-4, gauges=False),
    configure("tf_efficientnet_lite0", "digits", "full", frozen=("stem",), mix="mixup", labels_per_class=10, seed=7),
    configure("squeezenet1_1", "photos", "gradual", unfreeze="1:head", augment="light", device="cpu", warmup=0.5),
]


def called(code: str, function: str) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of the first call of a function in some lines."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == function:
            named = {word.arg or "": ast.literal_eval(word.value) for word in node.keywords}
            return [ast.literal_eval(one) for one in node.args], named
    raise AssertionError(code)


def asked(command: str, monkeypatch: pytest.MonkeyPatch, module: str, starter: str) -> Any:
    """Return what a command would start."""
    import importlib

    from tlviz.cli.commands import main

    begun: list[Any] = []

    def note(*arguments: Any, **_: Any) -> None:
        begun.append(arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib.import_module(module), starter, note)
    words = shlex.split(command)
    assert main(words[words.index("tlviz") + 1 :]) == 130
    return begun[0]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.strategy)
def test_the_lines_of_a_run_are_exactly_its_settings(config: FinetuneConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    code = finetune_code(config)
    (model, data, strategy), settings = called(code.python, "tlviz.finetune")
    assert ask_run(model, data, strategy, training.taken(settings, training.SETTINGS.values(), "a run"))[0] == config
    assert asked(code.command, monkeypatch, "tlviz.cli.finetune", "start_finetune")[0] == config


@pytest.mark.parametrize(
    ("sweep", "values", "base"),
    [
        ("strategy", ("head_only", "full"), {"epochs": 2}),
        ("backbone_lr", (1e-5, 1e-4), {"strategy": "last_stages", "image_size": 64}),
        ("batch_size", (8, 16), {"strategy": "full"}),
    ],
)
@pytest.mark.parametrize("seeds", [(0,), (0, 1, 2)])
def test_the_lines_of_a_race_plan_the_same_runs(
    sweep: str, values: tuple[Any, ...], base: dict[str, Any], seeds: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    configs = plan_race({"model": "squeezenet1_1", "data": "photos"} | base, sweep, values, seeds)
    code = race_code(configs, sweep)
    given, named = called(code.python, "tlviz.race")
    tried = [str(value) for value in named["values"]] if "values" in named else None
    what, texts = what_is_swept(given[2] if len(given) > 2 else None, named.get("sweep"), tried)
    rest = {name: value for name, value in named.items() if name not in ("sweep", "values", "seeds", "halving")}
    chosen = {"strategy": "full"} | rest | {"model": given[0], "data": given[1]}
    assert ask_race(chosen, what, texts, named.get("seeds", (0, 1, 2)))[0] == configs
    assert asked(code.command, monkeypatch, "tlviz.cli.race", "start_race")[:2] == (configs, sweep)


def test_a_run_of_the_past_is_opened_and_made_again() -> None:
    run = create_run("finetune", "x", CONFIGS[1].to_json())
    code = run_code(run)
    assert f'tlviz.runs()["{run.name}"]' in code.python
    assert code.again == finetune_code(CONFIGS[1]).python
    assert code.command.splitlines()[0].endswith(f"runs show {run.name}")
    odd = create_run("finetune", "x", {"model": "no_such", "data": "photos", "strategy": "full"})
    assert run_code(odd).again == ""
    assert run_code(odd).python


def test_looking_names_only_what_is_not_usual() -> None:
    looked = Looked("squeezenet1_1", "photos", "mammal/it's.jpg")
    usual = feature_maps_code(looked)
    assert called(usual.python, "tlviz.feature_maps") == (
        ["squeezenet1_1", "photos"], {"picture": "mammal/it's.jpg"}
    )  # fmt: skip
    layer = feature_maps_code(looked, stage="fire5", layer="features.7.squeeze", order="strongest")
    assert called(layer.python, "tlviz.feature_maps")[1]["layer"] == "features.7.squeeze"
    assert called(layer.python, "maps.figure") == (["features.7.squeeze"], {"order": "strongest"})
    own = Looked("squeezenet1_1", "photos", "mine.jpg", is_file=True)
    assert called(feature_maps_code(own).python, "tlviz.feature_maps")[0] == ["squeezenet1_1"]
    why = attribute_code(looked, Method.SALIENCY, class_name="zebra", baseline="white")
    assert called(why.python, "tlviz.attribute")[1] == {
        "picture": "mammal/it's.jpg", "method": "saliency", "class_name": "zebra"
    }  # fmt: skip


@pytest.mark.parametrize(
    "command",
    [
        target_code("squeezenet1_1", "/a b/it's").command,
        profile_code("squeezenet1_1", "photos", [("squeezenet1_1", "clipart")], 200).command,
        compare_code(["a", "b"]).command,
        export_code("run", "/to here", ["onnx", "safetensors"], "last").command,
    ],
)
def test_every_command_can_be_typed(command: str) -> None:
    import typer

    app = typer.main.get_command(make_app())
    for line in command.splitlines():
        words = shlex.split(line)
        rest = words[words.index("tlviz") + 1 :]
        found: Any = app
        while rest and rest[0] in getattr(found, "commands", {}):
            found, rest = found.commands[rest[0]], rest[1:]
        context = found.make_context(line, list(rest), resilient_parsing=False)
        assert not context.args, "every word is understood"
