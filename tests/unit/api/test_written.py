"""What is written means the same when it is read again, whatever the name."""

from __future__ import annotations

import ast
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tlviz.api.written import call, options, shell_word, value_text
from tlviz.data.pixels.pictures import Fit
from tlviz.finetune.config import SETTINGS

NAMES = [
    "photos",
    "my pictures",
    "it's",
    'say "cheese"',
    """both ' and " """,
    "back\\slash",
    "two\nlines",
    "emoji 🐈",
    "$HOME `id` ; rm",
    "-x",
    "",
    "tab\there",
    "broken \udcff name",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_the_same_when_python_reads_it(name: str) -> None:
    assert ast.literal_eval(value_text(name)) == name


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_the_same_when_a_shell_reads_it(name: str) -> None:
    if name.isprintable():
        assert shlex.split(shell_word(name)) == [name]
    if not Path("/bin/bash").exists():
        pytest.skip("no bash here")
    program = "import os, sys; sys.stdout.buffer.write(os.fsencode(sys.argv[1]))"
    words = f"{shlex.quote(sys.executable)} -c {shlex.quote(program)} {shell_word(name)}"
    done = subprocess.run(["/bin/bash", "-c", words], capture_output=True, check=True)
    assert done.stdout == os.fsencode(name)


def test_values_are_plain() -> None:
    assert value_text(Fit.PAD) == '"pad"'
    assert value_text(Path("a b")) == '"a b"'
    assert value_text(("x", 1, 0.5, None, True)) == '["x", 1, 0.5, None, True]'


def test_a_long_call_has_a_line_for_each_argument() -> None:
    text = call("tlviz.finetune", "squeezenet1_1", "photos", epochs=5, image_size=64, head_lr=0.001, batch_size=16)
    assert text.count("\n") == 7
    assert ast.parse(text)
    assert call("f", 1, a=2) == "f(1, a=2)"


def test_settings_are_the_options_of_the_command() -> None:
    chosen = {"epochs": 5, "frozen": ("stem", "fire2"), "gauges": False, "deterministic": True, "head_lr": 1e-3}
    assert options(SETTINGS, chosen) == [
        "--frozen", "stem,fire2", "--head-lr", "0.001", "--epochs", "5", "--no-gauges", "--deterministic",
    ]  # fmt: skip
    assert options(SETTINGS, {"no_data": -9999.0}) == ["--no-data=-9999.0"]
