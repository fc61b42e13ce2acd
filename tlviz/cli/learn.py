"""The cards of the Learn page on the command line: list, check, measure, print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tlviz.cli.help import HelpfulCommand, HelpfulGroup, examples
from tlviz.cli.layout import Column
from tlviz.cli.output import OUTPUT, Json, print_result, table, tell
from tlviz.cli.waiting import watch_job
from tlviz.errors import BadLessonError
from tlviz.home import make_folder, write_atomic
from tlviz.learn.cards import Card
from tlviz.learn.claims import judge
from tlviz.learn.class_folder import class_folder
from tlviz.learn.library import all_cards, find_card, measured_for
from tlviz.learn.measure import measure_card
from tlviz.learn.results import SHIPPED, write_measured
from tlviz.learn.words import all_words
from tlviz.program import command

LEARN_EXAMPLES = examples(
    "learn", "learn measure --cards freezing-near", "learn worksheet --to worksheet.html", "learn check"
)
_COLUMNS = (
    Column("card", is_long=True, enough=30),
    Column("found"),
    Column("measured", rank=2),
    Column("claim", rank=1, is_long=True, enough=90),
)

learn_app = typer.Typer(
    cls=HelpfulGroup,
    invoke_without_command=True,
    help="List the course's statements and what was measured; measure them again, print a worksheet, check own cards.",
    epilog=LEARN_EXAMPLES,
)


@learn_app.callback()
def learn(context: typer.Context, as_json: Json = False) -> None:
    """List the cards in the order of the path."""
    if context.invoked_subcommand is not None:
        return
    cards, troubles = all_cards()
    rows = [_row(card) for card in cards]
    for trouble in troubles:
        tell(f"left out: {trouble}")
    print_result({"cards": rows}, as_json, table(rows, _COLUMNS))


def _row(card: Card) -> dict[str, str | None]:
    row: dict[str, str | None] = {"card": card.name, "found": "not measured", "measured": None, "claim": card.claim}
    try:
        measured = measured_for(card)
    except BadLessonError:
        return row
    return row | {"found": str(judge(card, measured.tables).outcome), "measured": measured.date}


@learn_app.command("measure", cls=HelpfulCommand)
def measure(
    cards: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Cards to measure, comma-separated.", show_default="all"),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where to write one JSON file a card.",
            rich_help_panel=OUTPUT,
            show_default="the class's folder for its own cards, else those that ship",
        ),
    ] = None,
) -> None:
    """Run all experiments of the cards and write their numbers; takes minutes a card."""
    names = [name.strip() for name in cards.split(",")] if cards else [card.name for card in all_cards()[0]]
    chosen = [find_card(name) for name in names]
    typed = command("learn measure")
    for card in chosen:
        tell(f"card {card.name}")
        measured = measure_card(card, watch_job, f"{typed} --cards {card.name}")
        path = write_measured(to or _folder(card), measured)
        tell(f"{path}: {judge(card, measured.tables).outcome}")


def _folder(card: Card) -> Path:
    own = class_folder()
    return own / "results" if own and card.is_own else SHIPPED


@learn_app.command("check", cls=HelpfulCommand)
def check() -> int:
    """Check all cards and words, an instructor's too; one line for each mistake."""
    cards, troubles = all_cards()
    words, more = all_words()
    for trouble in (*troubles, *more):
        tell(f"tlviz: {trouble}")
    print_result({}, False, f"{len(cards)} cards and {len(words)} words can be used.")
    return 2 if troubles or more else 0


@learn_app.command("worksheet", cls=HelpfulCommand)
def worksheet(
    to: Annotated[Path, typer.Option(metavar="FILE", help="The HTML file to write.", rich_help_panel=OUTPUT)],
    cards: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Cards to print, comma-separated.", show_default="all")
    ] = None,
    answers: Annotated[bool, typer.Option("--answers", help="Print the answers too, on pages of their own.")] = False,
) -> None:
    """Write the cards as a worksheet that prints to clean pages."""
    from tlviz.learn.worksheet import worksheet_html

    names = [name.strip() for name in cards.split(",")] if cards else None
    chosen = [find_card(name) for name in names] if names else list(all_cards()[0])
    make_folder(to.absolute().parent)
    write_atomic(to.absolute(), worksheet_html(chosen, has_answers=answers).encode())
    tell(f"wrote {to}")
