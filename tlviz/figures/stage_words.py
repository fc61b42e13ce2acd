"""What the charts of stages show, in sentences that follow from their numbers."""

from __future__ import annotations

from collections.abc import Sequence

Named = Sequence[tuple[str, float]]
"""Stages in their order with a number each, those without one left out."""
UNIT = 1.0
"""The noise between two halves of the target, which is what distances are divided by."""
CLEAR = 2.0
"""A distance of more than this many times the noise is one."""
SAME, MUCH_ALIKE, UNLIKE = 0.995, 0.9, 0.5
"""A CKA from which on features are the same, much alike, and below which they are hardly alike."""
MOST_LISTED = 3
"""Of more stages than this the number is said instead of their names."""
RATIO = 1.25
"""Dimensions that differ by less than this factor count as alike."""


def known(names: Sequence[str], values: Sequence[float | None]) -> Named:
    """Return the stages that have a number."""
    return [(name, value) for name, value in zip(names, values, strict=True) if value is not None]


def shift_in_words(stages: Named) -> str:
    """Say where the channels' statistics are far from the source's, in times the noise."""
    return _distance_in_words(stages, "the channels' statistics are")


def kid_in_words(stages: Named, *, is_reference: bool) -> str:
    """Say at which stages the target's features lie apart from the photographs', in times the noise.

    ``is_reference`` says that the target is itself those photographs, whose halves are then compared.
    """
    if not is_reference:
        return _distance_in_words(stages, "the features are")
    far = [name for name, value in stages if value > CLEAR]
    check = "This target is itself the reference, so two halves of it are compared, as a check of the noise:"
    if not far:
        return f"{check} none lies farther apart than noise explains, as it should be."
    return f"{check} at {listed(far)} they lie farther apart than noise usually explains."


def _distance_in_words(stages: Named, are: str) -> str:
    if not stages:
        return "No stage can be compared."
    (far, most), (near, least) = max(stages, key=_value), min(stages, key=_value)
    clear = [name for name, value in stages if value > CLEAR]
    if not clear:
        return f"At no stage {are} farther away than noise explains (at most {times(most)} the noise, at {far})."
    if len(clear) == len(stages):
        if len(stages) == 1:
            return f"At {far} {are} {times(most)} as far away as noise explains."
        return (
            f"At every stage {are} farther away than noise explains: most at {far}, {times(most)} the noise, least at "
            f"{near}, {times(least)}."
        )
    return (
        f"At {len(clear)} of {len(stages)} stages {are} farther away than noise explains, most at {far}, "
        f"{times(most)} the noise; {listed([name for name, _ in stages if name not in clear])} "
        f"{'does' if len(stages) - len(clear) == 1 else 'do'} not see the difference."
    )


def rank_in_words(ranks: Named, random: Named, intrinsic: Named) -> str:
    """Say how the number of directions changes with depth, against random weights, and how many would be enough."""
    (first, early), (last, late) = ranks[0], ranks[-1]
    beside = random[-1][1]
    if len(ranks) == 1:
        words = f"At {first} the features spread over {early:.0f} directions"
    elif late > RATIO * early:
        words = f"The features spread over more directions with depth, {early:.0f} at {first} and {late:.0f} at {last}"
    elif early > RATIO * late:
        words = f"The features are compressed with depth, {early:.0f} directions at {first} and {late:.0f} at {last}"
    else:
        words = f"First and last stage use about as many directions, {early:.0f} at {first} and {late:.0f} at {last}"
    if late > RATIO * beside:
        words += f"; random weights use fewer there, {beside:.0f}."
    elif beside > RATIO * late:
        words += f"; random weights use more there, {beside:.0f}."
    else:
        words += f"; random weights use about as many there, {beside:.0f}."
    if not intrinsic:
        return words
    name, enough = intrinsic[-1]
    return f"{words} About {enough:.0f} numbers would be enough to tell the images apart at {name}."


def pull_in_words(stages: Named) -> str:
    """Say which stages training would change the most, relative to their weights."""
    (most, top), (least, low) = max(stages, key=_value), min(stages, key=_value)
    if top <= 0:
        return "No stage is pulled: the loss has no gradient on these images."
    if len(stages) == 1:
        return f"{most} is the only stage."
    if low > 0.7 * top:
        return f"All stages are pulled about alike, {most} the most, {least} the least ({low / top:.0%} of it)."
    strong = [name for name, value in stages if value > 0.7 * top]
    place = _place([name for name, _ in stages], strong)
    if len(strong) > MOST_LISTED:
        strong = [f"{len(strong)} of {len(stages)} stages about alike, {most}"]
    rest = f"{least} hardly" if low < 0.1 * top else f"{least} the least"
    return f"Training would change {listed(strong)} the most, {place}; {rest} ({low / top:.0%} of the most)."


def _place(names: Sequence[str], chosen: Sequence[str]) -> str:
    """Say in which part of the network stages lie."""
    at = [names.index(name) for name in chosen]
    middle = len(names) / 2
    if max(at) < middle:
        return "in the early half"
    return "in the later half" if min(at) >= middle else "early and late"


def similarity_in_words(names: Sequence[str], values: Sequence[Sequence[float | None]]) -> str:
    """Say which neighbouring stages do much the same, and where the features change the most."""
    steps = [(f"{names[at]} and {names[at + 1]}", values[at][at + 1]) for at in range(len(names) - 1)]
    found = [(pair, value) for pair, value in steps if value is not None]
    if not found:
        return "There are no two neighbouring stages to compare."
    pair, least = min(found, key=_value)
    close, most = max(found, key=_value)
    if least >= MUCH_ALIKE:
        return f"All neighbouring stages do much the same (at least {least:.2f}, between {pair})."
    turn = f"the features change most between {pair} ({least:.2f})"
    same = [pair for pair, value in found if value >= MUCH_ALIKE]
    if same:
        return f"{listed(same, ', ')} do much the same ({most:.2f} at most); {turn}."
    if len(found) == 1:
        return f"{pair} differ ({least:.2f})."
    return f"No two neighbouring stages do the same ({close} come nearest, {most:.2f}); {turn}."


def random_likeness_in_words(stages: Named) -> str:
    """Say which stages pretraining has changed, by their CKA to the same stages with random weights."""
    if not stages:
        return "No stage can be compared with random weights."
    (far, least), (near, most) = min(stages, key=_value), max(stages, key=_value)
    if least >= MUCH_ALIKE:
        return f"Pretraining has hardly changed how any stage sees these images (at least {least:.2f}, at {far})."
    if len(stages) == 1:
        return f"At {far} the likeness to random weights is {least:.2f}."
    if most < MUCH_ALIKE:
        return f"Pretraining has changed every stage, {far} the most ({least:.2f}), {near} the least ({most:.2f})."
    return f"Pretraining has changed {far} the most ({least:.2f}); {near} is still like random weights ({most:.2f})."


def between_in_words(
    rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float | None]], other: str
) -> str:
    """Say where two networks see the images most alike, and how alike their last stages are."""
    found = [
        (value, row, column)
        for row, line in zip(rows, values, strict=True)
        for column, value in zip(columns, line, strict=True)
        if value is not None
    ]
    if not found:
        return f"No stage can be compared with one of {other}."
    most, row, column = max(found)
    last = values[-1][-1]
    end = "" if last is None else f"; the last stages of both: {last:.2f}"
    if most < UNLIKE:
        return f"No stage is much like one of {other}: nearest are {row} and its {column} ({most:.2f}){end}."
    return f"Most alike are {row} and {column} of {other} ({most:.2f}){end}."


def drift_in_words(stages: Named) -> str:
    """Say which stages fine-tuning has changed, by their CKA to the pretrained start."""
    if not stages:
        return "No stage can be compared with the start."
    moved = [(name, value) for name, value in stages if value < SAME]
    if not moved:
        return "No stage sees the images otherwise than at the start."
    far, least = min(moved, key=_value)
    place = _place([name for name, _ in stages], [far])
    if len(moved) < len(stages):
        same = len(stages) - len(moved)
        kept = f"{same} of {len(stages)} stages {'is' if same == 1 else 'are'} unchanged"
    else:
        kept = "no stage is unchanged" if len(stages) > 1 else "it is the only stage"
    return f"Changed most: {far} ({least:.2f}), {place}; {kept}."


def times(value: float) -> str:
    """Say how many times the noise, without false digits; below zero is what noise does."""
    if value < 0:
        return "0 times"
    return f"{value:,.0f} times" if value >= 10 else f"{value:.1f} times"


def listed(words: Sequence[str], last: str = " and ") -> str:
    """List words, the last one after ``last``."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])}{last}{words[-1]}"


def _value(stage: tuple[str, float]) -> float:
    return stage[1]
