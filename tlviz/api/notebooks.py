"""*Open in notebook*: a run, a race or a profile as a Jupyter notebook that is filled in and can be run twice.

What a notebook opens is there already where it was downloaded; elsewhere, with the same target, it is made anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from tlviz import __version__
from tlviz.api.snippets import profile_code, run_code
from tlviz.api.written import call, value_text
from tlviz.data.images import dataset_title
from tlviz.diagnose.request import LIMIT
from tlviz.models.catalogue import find_model
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.store.kinds import RACE

MIME = "application/x-ipynb+json"
_SIGNS = "\\`*_{}[]<>#|$"


def run_notebook(run: RunFolder) -> bytes:
    """Return a notebook that opens a run or a race, or makes it anew, and looks at it."""
    if run.config()["kind"] == RACE:
        return _race_notebook(run)
    settings = run.config()["settings"]
    model, data = str(settings.get("model", "")), str(settings.get("data", ""))
    exported = f"exported-{run.name}"
    return _written(
        [
            _words(f"The run {run.name}", f"Fine-tuning {model} on {dataset_title(data)}."),
            "import tlviz",
            _open_or_make("run", run),
            "run",
            "run.figure()",
            "run.table()",
            "## What it changed\n\nThe same picture through the pretrained network and through the run's.",
            f"before = {call('tlviz.feature_maps', model, data)}\nbefore.figure()",
            f"after = {call('tlviz.feature_maps', model, data).removesuffix(')')}, run=run.name)\nafter.figure()",
            "## Take it home\n\nThe network as checked files, in a folder that is made once.",
            "from pathlib import Path\n\n"
            f"if not Path({value_text(exported)}).exists():\n"
            f"    print(run.export({value_text(exported)}).summary)",
        ],
        words={0, 6, 9},
    )


def _race_notebook(run: RunFolder) -> bytes:
    settings = run.config()["settings"]
    about = f"{settings.get('model', '')} on {dataset_title(str(settings.get('data', '')))}, one way beside the other."
    return _written(
        [
            _words(f"The race {run.name}", about),
            "import tlviz",
            _open_or_make("raced", run),
            "raced",
            "raced.figure()",
            "raced.table()",
            "## The runs beside each other\n\nThose that differ in the seed alone are one side.",
            "compared = tlviz.compare(raced)\ncompared",
            "compared.differences()",
            "## The winner\n\nAn ordinary run.",
            "raced.winner",
            "raced.winner.figure()",
        ],
        words={0, 6, 9},
    )


def profile_notebook(model: str, data: str, others: Sequence[tuple[str, str]] = (), limit: int = LIMIT) -> bytes:
    """Return a notebook that opens a profile, or measures it anew, and others beside it."""
    measured = profile_code(model, data, others, limit).python.removeprefix("import tlviz\n\n")
    made, _, drawn = measured.partition("\nmeasured.table()\n")
    return _written(
        [
            _words("Which layers are general, which specific?", f"{find_model(model).title} on {dataset_title(data)}."),
            "import tlviz",
            f"{made}\nmeasured",
            drawn.strip(),
            "measured.table()",
            "## What to try first\n\nThe advice, and the settings of a run that follows it.",
            "list(measured.advice.reasons)",
            "measured.settings",
            "To train by it takes a while, and each call is a run of its own:\n\n"
            f"```python\nrun = {call('tlviz.finetune', model, data).removesuffix(')')}, **measured.settings)\n```",
        ],
        words={0, 5, 8},
    )


def _open_or_make(name: str, run: RunFolder) -> str:
    """Write the lines that open a run, or where it is not, make it anew: run twice they train once."""
    opened = f"{name} = tlviz.runs()[{value_text(run.name)}]"
    made = run_code(run).again.removeprefix("import tlviz\n\n").partition(f"\n{name}.table()")[0]
    if not made.startswith(f"{name} = "):
        return opened
    inside = "\n".join(f"    {line}" for line in made.splitlines())
    return f"try:\n    {opened}\nexcept tlviz.TlvizError:  # on another machine: make it anew\n{inside}"


def _words(title: str, about: str) -> str:
    return f"# {_plain(title)}\n\n{_plain(about)} Written by tlviz {__version__}; every cell can be run again."


def _plain(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return "".join(f"\\{sign}" if sign in _SIGNS else sign if sign.isprintable() else " " for sign in text)


def _written(cells: Sequence[str], *, words: set[int]) -> bytes:
    """Return a notebook of these cells; ``words`` are the places of those that are read."""
    from nbformat import v4, validate, writes

    made = [
        (v4.new_markdown_cell if at in words else v4.new_code_cell)(text, id=f"cell-{at}")
        for at, text in enumerate(cells)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = v4.new_notebook(cells=made, metadata=kernel)
    validate(notebook)
    text: str = writes(notebook)
    return text.encode("utf-8", "backslashreplace")
