"""The command line on a real terminal and in a pipe: tables, colours, panels, and what a person types."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tlviz import __version__
from tlviz.cli import main
from tlviz.home import PROJECT_ROOT
from tlviz.runs.store.folder import create_run

ANSI = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
COMMAND = [sys.executable, "-m", "tlviz"]


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    return kept | {"TERM": "xterm-256color"} | more


def on_terminal(*arguments: str, columns: int = 80, **more: str) -> str:
    """Run a command with a pseudo-terminal of so many columns as its standard output."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=theirs,
        stdin=subprocess.DEVNULL,
        cwd=PROJECT_ROOT,
        env=environment(COLUMNS=str(columns), **more),
    )
    os.close(theirs)
    written = b""
    try:
        while part := os.read(ours, 65536):
            written += part
    except OSError:  # Linux says so when the other side is closed
        pass
    os.close(ours)
    assert process.wait() == 0
    return written.decode()


def in_pipe(*arguments: str) -> str:
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, cwd=PROJECT_ROOT, env=environment(), check=True, text=True
    )
    return done.stdout


def test_the_runs_are_a_line_each_on_a_terminal_and_whole_in_a_pipe(home: Path) -> None:
    label = "clipart-" + "a-very-long-name-" * 4
    names = [create_run("finetune", f"{label}{at}", {"model": "resnet50", "data": "clipart"}).name for at in range(3)]
    shown = on_terminal("runs")
    lines = ANSI.sub("", shown).splitlines()
    assert "\x1b[" in shown
    assert len(lines) == 4
    assert max(map(len, lines)) <= 80
    shortened = [line.split()[0].split("…") for line in lines[1:]]
    for (begun, ended), name in zip(shortened, reversed(names), strict=True):  # newest first
        assert name.startswith(begun)
        assert name.endswith(ended)
        assert len(begun) > len(ended) - 2 > 8, "long names are shortened in the middle"
    piped = in_pipe("runs")
    assert [line.split("\t")[0] for line in piped.splitlines()[1:]] == names[::-1]
    assert not re.search("[\x1b…│─┃]", piped)
    assert ANSI.sub("", on_terminal("runs", TERM="dumb")).replace("\r", "") == piped
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", on_terminal("runs", NO_COLOR="1"))


def test_the_help_has_panels_on_a_terminal_and_most_of_the_width_for_words() -> None:
    shown = ANSI.sub("", on_terminal("profile", "--help")).replace("\r", "")
    assert max(map(len, shown.splitlines())) <= 80
    panels = re.findall(r"╭─ (\w+) ─", shown)
    assert panels == ["Options", "What", "How", "Output"]
    starts = {line.index("Measure at most") for line in shown.splitlines() if "Measure at most" in line}
    assert max(starts) < 32
    assert re.search(r"\[default: \d+", shown)


def test_the_help_in_a_pipe_is_plain_and_lists_the_commands_by_panel(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    printed = capsys.readouterr().out
    assert not re.search("[\x1b│╭]|bold", printed)
    heads = re.findall(r"^(\w[\w ]*):$", printed, re.MULTILINE)
    assert heads == ["Options", "See", "Measure", "Train", "Runs", "This machine"]
    assert printed.index("\n  models ") < printed.index("\n  finetune ") < printed.index("\n  runs ")
    assert "\n  python -m tlviz runs show last" in printed or "\n  tlviz runs show last" in printed


def test_no_command_prints_the_help_an_unknown_one_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    assert "Usage: " in "".join(capsys.readouterr())
    assert main(["modles"]) == 2
    assert capsys.readouterr().err == "tlviz: No such command 'modles'. Did you mean 'models'?\n"
    assert main(["runs", "shwo"]) == 2
    assert "Did you mean 'show'" in capsys.readouterr().err


def test_the_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"tlviz {__version__}\n"
