"""Every row of the table of settings is an option, and a row that is added is one too."""

from __future__ import annotations

import re
from typing import Any

import pytest
import typer

from tests.unit.finetune.test_settings import Longer
from tlviz.cli import main
from tlviz.cli.commands import make_app
from tlviz.cli.finetune import read_config
from tlviz.cli.settings import takes_settings
from tlviz.finetune.config import SETTINGS
from tlviz.finetune.settings import settings_of
from tlviz.finetune.strategies import FIRST_STRATEGY
from tlviz.models.catalogue import BUNDLED


def options_of(command: str) -> dict[str, Any]:
    """Return the options of a command by their flag."""
    commands = typer.main.get_command(make_app()).commands  # type: ignore[attr-defined]
    return {flag: option for option in commands[command].params for flag in option.opts}


def chosen_by(*arguments: str, table: Any = SETTINGS) -> dict[str, Any]:
    """Return what a command with an option for each setting gets."""
    found: list[dict[str, Any]] = []
    one = typer.Typer()

    @one.command()
    @takes_settings(table.values())
    def command(chosen: dict[str, Any], loud: bool = False) -> int:
        assert not loud
        found.append(chosen)
        return 0

    typer.main.get_command(one).main([*arguments], standalone_mode=False)
    return found[0]


@pytest.mark.parametrize("command", ["finetune", "find-rate"])
def test_every_row_is_an_option_in_its_panel_with_its_default(command: str) -> None:
    options = options_of(command)
    for name, row in SETTINGS.items():
        flag = f"--{'no-' if row.default is True else ''}{name.replace('_', '-')}"
        option = options[flag]
        assert (option.rich_help_panel, option.hidden) == (row.group, False), name
        assert row.help in option.help
        assert all(choice in option.help for choice in row.choices)
        if row.usual:
            assert option.show_default == row.usual
        elif row.kind is not bool and row.first is None:
            assert option.default == row.default
    assert (options["--model"].default, options["--strategy"].default) == (next(iter(BUNDLED)), FIRST_STRATEGY)
    assert options["--data"].required


def test_former_flags_and_the_other_side_of_a_switch_stay_hidden() -> None:
    options = options_of("finetune")
    for flag in ("--thaw", "--thaw-factor", "--gauges", "--no-deterministic"):
        assert options[flag].hidden, flag
    assert chosen_by("--data", "x", "--thaw", "4:3", "--thaw-factor", "0.5") == chosen_by(
        "--data", "x", "--unfreeze", "4:3", "--unfreeze-factor", "0.5"
    )


def test_what_is_left_alone_is_left_to_the_strategy_and_the_network() -> None:
    chosen = chosen_by("--data", "photos")
    assert {name for name, value in chosen.items() if value is None} == {
        name for name, row in SETTINGS.items() if row.default is None and row.first is None and name != "data"
    } | {"gauges", "deterministic", "compile"}
    config = read_config(chosen_by("--data", "photos", "--frozen", "stem,fire2", "--no-gauges", "--deterministic"))
    assert (config.model, config.strategy) == (next(iter(BUNDLED)), FIRST_STRATEGY)
    assert (config.frozen, config.gauges, config.deterministic) == (("stem", "fire2"), False, True)
    assert read_config(chosen_by("--data", "photos", "--strategy", "gradual")).layer_decay == 0.7


def test_a_row_that_is_added_is_an_option() -> None:
    table = settings_of(Longer)
    assert chosen_by("--data", "x", table=table)["momentum"] == 0.9
    assert chosen_by("--data", "x", "--momentum", "0.6", table=table)["momentum"] == 0.6
    assert chosen_by("--data", "x", "--inertia", "0.7", table=table)["momentum"] == 0.7


def test_a_race_asks_for_what_all_its_runs_share() -> None:
    options = options_of("race")
    for name, row in SETTINGS.items():
        assert (f"--{name.replace('_', '-')}" in options) == row.in_race, name
    assert all(name in options["--sweep"].help for name, row in SETTINGS.items() if row.sweep is not None)


def test_a_sweep_takes_a_former_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["race", "--data", "photos", "--sweep", "thaw_factor", "--values", "x"]) == 2
    assert capsys.readouterr().err == "tlviz: 'x' is no value of unfreeze factor; write a number such as 1e-3.\n"


@pytest.mark.parametrize("command", ["finetune", "find-rate", "race"])
def test_the_help_text_has_the_larger_part_of_80_columns(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    typer.main.get_command(make_app()).main([command, "--help"], prog_name="tlviz", standalone_mode=False)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    starts = [len(found[0]) for line in lines if (found := re.match(r"  --[\w-]+(?: [A-Z]+)?  +", line))]
    assert len(starts) > 5
    assert max(starts) <= 36, "flags and metavars take less than half"
    assert {f"{group}:" for group in ("What", "Training", "Images", "Machine")} <= set(lines)
