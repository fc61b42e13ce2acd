"""What the shell offers for a name that is half typed, without torch."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tlviz.home import PROJECT_ROOT
from tlviz.runs.notes import Notes, write_notes
from tlviz.runs.store.folder import create_run

PROGRAM = (
    "import sys; sys.argv[0] = 'tlviz'\nfrom tlviz.cli import main\n"
    "try: main([])\n"
    "finally: print('torch' in sys.modules, file=sys.stderr)"
)


def completed(words: str) -> tuple[list[str], bool]:
    """Return what bash is offered for the last word, and whether torch was imported."""
    typed = words.split(" ")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=PROJECT_ROOT,
        env=os.environ | {"_TLVIZ_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(typed) - 1)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split(), done.stderr.splitlines()[-1] == "True"


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("tlviz finetune --model squeezenet1_", ["squeezenet1_1", "squeezenet1_1.imagenet1k_v1", "squeezenet1_0"]),
        ("tlviz finetune --data cl", ["clipart"]),
        ("tlviz finetune --strategy head", ["head_only"]),
        ("tlviz datasets download fash", ["fashionmnist"]),
        ("tlviz models show alexn", ["alexnet"]),
        ("tlviz runs sh", ["show"]),
    ],
)
def test_names_complete_without_torch(words: str, offered: list[str]) -> None:
    names, has_torch = completed(words)
    assert set(names) >= set(offered)
    assert all(name.startswith(words.split(" ")[-1]) for name in names)
    assert not has_torch


@pytest.mark.parametrize("command", ["runs report", "export"])
def test_runs_complete_by_last_own_name_and_folder(command: str) -> None:
    run = create_run("finetune", "photos", {"model": "resnet50"})
    write_notes(run, Notes("landmarks", "", ()))
    assert completed(f"tlviz {command} la")[0] == ["last", "landmarks"]
    assert completed(f"tlviz {command} {run.name[:6]}") == ([run.name], False)


def test_the_script_for_a_shell_is_that_of_the_command_tlviz() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tlviz", "--show-completion", "bash"],
        cwd=PROJECT_ROOT,
        env=os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "_TLVIZ_COMPLETE=complete_bash" in done.stdout
    assert done.stdout.rstrip().endswith("tlviz")
