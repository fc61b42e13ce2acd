"""All cards in the order of the path: those that ship, and an instructor's, which replace those of the same name."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from tlviz.errors import BadLessonError, TlvizError, UnknownNameError
from tlviz.home import ASSETS
from tlviz.learn.cards import Card, read_card
from tlviz.learn.class_folder import class_datasets, class_folder
from tlviz.learn.results import SHIPPED, Measured, read_measured

CARDS = ASSETS / "learn" / "cards"
MOST_CARDS = 200


def all_cards() -> tuple[tuple[Card, ...], tuple[str, ...]]:
    """Return the cards in the order of the path, and a sentence for each of an instructor's that cannot be used.

    Raises ``BadLessonError`` where one that ships is damaged.
    """
    cards = {card.name: card for card in (_kept(path, _stamp(path)) for path in _files(CARDS))}
    folder, troubles = class_folder(), []
    owners = dict[str, str]()
    for path in _files(folder / "cards") if folder else []:
        try:
            card = with_targets(_kept(path, _stamp(path), is_own=True))
            if card.name in owners:
                raise BadLessonError(f"{path.name} and {owners[card.name]} are both named '{card.name}'; rename one.")
            owners[card.name] = path.name
            cards[card.name] = card
        except TlvizError as error:
            troubles.append(str(error))
    return tuple(sorted(cards.values(), key=lambda card: (card.order, card.name))), tuple(troubles)


def find_card(name: str) -> Card:
    """Return a card by its name.  Raises ``UnknownNameError``."""
    cards = {card.name: card for card in all_cards()[0]}
    if name not in cards:
        raise UnknownNameError("card", name, cards)
    return cards[name]


def measured_for(card: Card) -> Measured:
    """Return what was measured for a card: an instructor's own, else what ships.

    Raises ``BadLessonError`` where there is nothing, or where the card's experiments have been changed since.
    """
    folder, again = class_folder(), f"run tlviz learn measure --cards {card.name}"
    own = folder / "results" / f"{card.name}.json" if folder else None
    path = own if own and (card.is_own or own.is_file()) else SHIPPED / f"{card.name}.json"
    if not path.is_file():
        raise BadLessonError(f"Nothing was measured for the card '{card.name}' yet: {again}.")
    measured = read_measured(path)
    if any(measured.plans.get(experiment.name) != experiment.plan() for experiment in card.experiments):
        raise BadLessonError(f"The card '{card.name}' was changed since it was measured: {again}.")
    return measured


def with_targets(card: Card) -> Card:
    """Return a card whose experiments name the instructor's targets by their paths.  Raises ``BadLessonError``."""
    own = class_datasets()
    found = tuple(
        replace(experiment, data=str(own[experiment.data])) if experiment.data in own else experiment
        for experiment in card.experiments
    )
    return replace(card, experiments=found)


def _files(folder: Path) -> list[Path]:
    """Return the YAML files of a folder by name.  Raises ``BadLessonError`` where there are too many."""
    files = sorted(
        path for path in folder.glob("*") if path.suffix.lower() in {".yaml", ".yml"} and path.name[0] != "."
    )
    if len(files) > MOST_CARDS:
        raise BadLessonError(f"{folder} holds {len(files):,} cards; it may hold {MOST_CARDS}.")
    return files


def _stamp(path: Path) -> tuple[int, int]:
    try:
        state = path.stat()
    except OSError:
        return 0, 0
    return state.st_mtime_ns, state.st_size


@lru_cache(maxsize=2 * MOST_CARDS)
def _kept(path: Path, stamp: tuple[int, int], *, is_own: bool = False) -> Card:
    """Return a card that is read again only where its file has changed."""
    del stamp
    return read_card(path, is_own=is_own)
