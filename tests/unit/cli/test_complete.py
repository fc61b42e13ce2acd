"""What the shell offers for a name that is half typed, without torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tlviz.home import PROJECT_ROOT
from tlviz.runs.notes import Notes, write_notes
from tlviz.runs.store.folder import create_run

PROGRAM = """
import json, os, sys
sys.argv[0] = "tlviz"
from tlviz.cli import main
for words in json.loads(sys.stdin.read()):
    os.environ |= {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    try:
        main([])
    except SystemExit:
        pass
    print("---", flush=True)
print("torch" in sys.modules, file=sys.stderr)
"""


def completed(*lines: str) -> list[list[str]]:
    """Return what bash is offered for the last word of each line; checks that torch was not imported."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=PROJECT_ROOT,
        env=os.environ | {"_TLVIZ_COMPLETE": "complete_bash"},
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines()[-1] == "False"
    return [offered.split() for offered in done.stdout.split("---\n")[:-1]]


def test_names_complete_without_torch() -> None:
    expected = {
        "tlviz finetune --model squeezenet1_": ["squeezenet1_1", "squeezenet1_1.imagenet1k_v1", "squeezenet1_0"],
        "tlviz finetune --data cl": ["clipart"],
        "tlviz finetune --strategy head": ["head_only"],
        "tlviz datasets download fash": ["fashionmnist"],
        "tlviz models show alexn": ["alexnet"],
        "tlviz runs sh": ["show"],
    }
    for words, names in zip(expected, completed(*expected), strict=True):
        assert set(names) >= set(expected[words]), words
        assert all(name.startswith(words.split(" ")[-1]) for name in names), words


def test_runs_complete_by_last_own_name_and_folder() -> None:
    run = create_run("finetune", "photos", {"model": "resnet50"})
    write_notes(run, Notes("landmarks", "", ()))
    commands = ("runs report", "export")
    lines = [f"tlviz {command} {word}" for command in commands for word in ("la", run.name[:6])]
    assert completed(*lines) == [["last", "landmarks"], [run.name]] * 2


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
