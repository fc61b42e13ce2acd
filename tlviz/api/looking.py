"""Looking inside a network in Python: what its stages make of a picture, and which parts an answer rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tlviz.api.bars import counting
from tlviz.api.networks import Source
from tlviz.api.pictures import find_true_class
from tlviz.api.result import Result
from tlviz.api.subjects import Picture, Subject, find_subject
from tlviz.api.targets import Data
from tlviz.errors import BadSettingError, UnknownNameError
from tlviz.explore.attribution.methods import METHODS, USUAL_BASELINE, Baseline, Method
from tlviz.models.spec import Layout, find_stage

if TYPE_CHECKING:
    import pandas as pd

    from tlviz.data.pixels.pictures import Pixels
    from tlviz.explore.attribution.attributions import Attribution
    from tlviz.explore.maps.feature_maps import Guess, Map, Order
    from tlviz.explore.maps.receptive_field import Field
    from tlviz.figures.theme import Figure

Choice = TypeVar("Choice", Method, Baseline)
PER_STAGE = 10
"""A figure shows this many channels of each stage, of a single place five times as many, as the page does."""


@dataclass(frozen=True, repr=False)
class FeatureMaps(Result):
    """What a network makes of a picture: ``maps`` float32 (C, H, W) by stage or layer, ``guesses`` its answers."""

    subject: Subject
    maps: Mapping[str, Map]
    guesses: tuple[Guess, ...]
    layouts: Mapping[str, Layout] = field(default_factory=dict)
    """How the outputs of single layers lie in memory."""

    @property
    def pixels(self) -> Pixels:
        """The picture as the network gets it."""
        return self.subject.pixels

    @property
    def summary(self) -> str:
        """Say what is seen, and what the network answers."""
        best = (
            f"; the network answers {self.guesses[0].name} ({self.guesses[0].probability:.0%})" if self.guesses else ""
        )
        count = sum(map(len, self.maps.values()))
        places = "one place" if len(self.maps) == 1 else f"{len(self.maps)} stages"
        return f"{self.subject.name}: {count:,} channels in {places}{best}."

    def channels(self, place: str, order: str = "standing out", count: int = PER_STAGE) -> list[int]:
        """Return the first channels of a stage or layer in an order: standing out, strongest, or most varied.

        >>> maps = tlviz.feature_maps("squeezenet1_1", "photos")
        >>> len(maps.channels("fire5", "strongest", 4))
        4
        """
        from tlviz.explore.maps.feature_maps import pick_channels

        return [int(number) for number in pick_channels(self._at(place), _order(order), count)]

    def table(self) -> pd.DataFrame:
        """Return one row a channel of every stage: its mean, spread, ends, and whether it is silent."""
        import pandas as pd

        from tlviz.explore.maps.feature_maps import channel_numbers

        return pd.DataFrame([row for place, maps in self.maps.items() for row in channel_numbers(place, maps)])

    def figure(self, place: str | None = None, *, order: str = "standing out", count: int | None = None) -> Figure:
        """Draw the first channels of every stage, or more of one stage or layer, each on its own colour scale."""
        from tlviz.figures.sheets import plot_sheets
        from tlviz.figures.sprites import paint

        places = [place] if place else list(self.maps)
        most = count or (5 * PER_STAGE if place else PER_STAGE)
        chosen = {name: self.channels(name, order, most) for name in places}
        rows = {name: paint(self._at(name)[numbers]) for name, numbers in chosen.items()}
        return plot_sheets(rows, chosen, PER_STAGE, f"What the network makes of {self.subject.name}")

    def field(self, place: str, row: int, column: int) -> Field:
        """Return which part of the picture a position of a stage or layer sees, and how strongly each pixel counts."""
        from tlviz.explore.maps.receptive_field import receptive_field

        self._at(place)
        stage = next((stage for stage in self.subject.network.stages if stage.name == place), None)
        layer, layout = (place, self.layouts[place]) if stage is None else (stage.modules[-1], stage.layout)
        return receptive_field(self.subject.network, self.pixels, layer, layout, row, column)

    def _at(self, place: str) -> Map:
        if place not in self.maps:
            raise UnknownNameError("stage or layer", place, self.maps)
        return self.maps[place]


def _order(order: str) -> Order:
    from tlviz.explore.maps.feature_maps import Order as Orders

    try:
        return Orders(order)
    except ValueError:
        raise UnknownNameError("order of channels", order, Orders) from None


def feature_maps(
    model: Source,
    data: Data | None = None,
    picture: Picture | None = None,
    *,
    stage: str | None = None,
    layer: str | None = None,
    run: str | None = None,
    progress: bool = True,
) -> FeatureMaps:
    """Show a picture to a network and return what every stage of its backbone, or one of them, makes of it.

    ``picture`` is a name in the target ``data``, a file, or pixels; None is a telling one of the target.  ``layer`` is
    a module inside ``stage``.  ``run`` looks at a run's weights instead of the pretrained ones.  Raises ``TlvizError``
    for a name that is not there, a file that is no picture, or weights that are missing.

    >>> maps = tlviz.feature_maps("squeezenet1_1", "photos")
    >>> maps.guesses[0].name
    'zebra'
    >>> maps.figure("fire5")
    """
    from tlviz.explore.maps.feature_maps import extract_feature_maps
    from tlviz.explore.maps.layers import look_inside

    if layer and not stage:
        raise BadSettingError(f"The layer {layer} needs the stage that it is in: give stage.")
    subject = find_subject(model, data, picture, run, progress=progress)
    seen = extract_feature_maps(subject.network, subject.pixels)
    if stage is None:
        return FeatureMaps(subject, seen.maps, seen.guesses)
    find_stage(subject.network.stages[:-1], stage)
    if not layer:
        return FeatureMaps(subject, {stage: seen.maps[stage]}, seen.guesses)
    inside = look_inside(subject.network, subject.pixels, stage, layer)
    return FeatureMaps(subject, inside.maps, seen.guesses, inside.layouts)


@dataclass(frozen=True, repr=False)
class Explained(Result):
    """Which parts of a picture an answer rests on: ``map`` is float32 (S, S), above zero for the class."""

    subject: Subject
    attribution: Attribution
    guesses: tuple[Guess, ...]
    is_of_run: bool = False

    @property
    def map(self) -> Map:
        """The map in picture coordinates."""
        return self.attribution.map

    @property
    def pixels(self) -> Pixels:
        """The picture as the network gets it."""
        return self.subject.pixels

    @property
    def answer(self) -> str:
        """The class that is explained, '' for a network without class names."""
        classes = self.subject.network.classes
        return classes[self.attribution.target] if classes else ""

    @property
    def summary(self) -> str:
        """Say what was answered, for which class the map speaks, and where most of it lies."""
        from tlviz.explore.attribution.reading import Said, map_in_words

        classes, found, spec = self.subject.network.classes, self.attribution, METHODS[self.attribution.method]
        if not classes:
            return map_in_words(Said("", 0.0, "", None), self.map, self.pixels)
        named = (self.subject.label,) if self.is_of_run else (self.subject.label, self.subject.name)
        truth = find_true_class(named, classes) if self.subject.label else None
        said = Said(
            answered=self.guesses[0].name,
            share=self.guesses[0].probability,
            asked=self.answer if spec.is_class_specific else "",
            asked_share=next((guess.probability for guess in self.guesses if guess.number == found.target), None),
            against=classes[found.contrast] if found.contrast is not None else "",
            truth="" if truth is None else classes[truth],
            label=self.subject.label,
            is_sensitivity=not spec.is_signed and not spec.at_stage,
        )
        return f"{spec.title}: {map_in_words(said, self.map, self.pixels)}"

    def table(self) -> pd.DataFrame:
        """Return the map as a grid of nine parts of the picture: the share of its absolute values in each."""
        import pandas as pd

        across, down = ("left", "middle", "right"), ("top", "middle", "bottom")
        shares = _thirds(abs(self.map))
        rows = [[f"{high}, {wide}", shares[at][to]] for at, high in enumerate(down) for to, wide in enumerate(across)]
        return pd.DataFrame(rows, columns=["part of the picture", "share of the map"])

    def figure(self) -> Figure:
        """Draw the picture beside the map that lies over it."""
        from tlviz.figures.attribution_pictures import draw_attribution, full_colour
        from tlviz.figures.sheets import plot_pictures

        signed = METHODS[self.attribution.method].is_signed
        drawn = draw_attribution(self.pixels, self.map, full_colour([self.map], 98), is_signed=signed, strength=0.7)
        asked = f" for {self.answer}" if self.answer else ""
        title = f"{METHODS[self.attribution.method].title}{asked}"
        return plot_pictures({"Picture": self.pixels, title: drawn})


def attribute(
    model: Source,
    data: Data | None = None,
    picture: Picture | None = None,
    *,
    method: str = Method.GRAD_CAM,
    class_name: str | int | None = None,
    rather_than: str | int | None = None,
    stage: str | None = None,
    baseline: str = USUAL_BASELINE,
    run: str | None = None,
    progress: bool = True,
) -> Explained:
    """Explain a network's answer to a picture: which parts of it speak for a class, by a method of choice.

    ``class_name`` is the class to explain by name or number, None the best guess; ``rather_than`` asks what speaks for
    the one and not the other.  ``stage`` looks at a stage instead of the pixels.  Picture and run are as in
    ``feature_maps``.  Raises ``TlvizError`` where the method does not apply to the network, and says which does.

    >>> why = tlviz.attribute("squeezenet1_1", "photos", method="grad_cam")
    >>> why.answer
    'zebra'
    >>> why.figure()
    """
    from tlviz.explore.attribution.attributions import attribute as explain
    from tlviz.explore.attribution.attributions import sweep
    from tlviz.explore.maps.feature_maps import extract_feature_maps

    chosen, compared = _one_of(Method, method, "method"), _one_of(Baseline, baseline, "baseline")
    subject = find_subject(model, data, picture, run, progress=progress)
    network, pixels = subject.network, subject.pixels
    target, contrast = _class(network.classes, class_name), _class(network.classes, rather_than)
    if stage is not None:
        find_stage(network.stages[:-1], stage)
    with counting(METHODS[chosen].title, progress) as told:
        if stage is not None and not METHODS[chosen].at_stage:
            found = sweep(network, pixels, chosen, target=target, contrast=contrast, baseline=compared, progress=told)
            attribution = found[stage]
        else:
            attribution = explain(
                network, pixels, chosen, target=target, contrast=contrast, stage=stage, baseline=compared, progress=told
            )
    return Explained(subject, attribution, extract_feature_maps(network, pixels).guesses, run is not None)


def _class(classes: tuple[str, ...], wanted: str | int | None) -> int | None:
    """Return a class's number.  Raises ``UnknownNameError`` for a name that the network does not know."""
    if wanted is None or isinstance(wanted, int):
        return wanted
    if wanted not in classes:
        raise UnknownNameError("class of the network", wanted, classes)
    if classes.count(wanted) > 1:
        at = [number for number, name in enumerate(classes) if name == wanted]
        raise BadSettingError(f"Several classes are called '{wanted}'; give one by its number: {at}.")
    return classes.index(wanted)


def _one_of(kind: type[Choice], wanted: str, what: str) -> Choice:
    try:
        return kind(wanted)
    except ValueError:
        raise UnknownNameError(what, wanted, kind) from None


def _thirds(values: Map) -> list[list[float]]:
    """Return the shares of a map's values in three rows of three parts, each 1 / 9 of a flat map."""
    import numpy as np

    total = float(values.sum()) or 1.0
    rows = np.array_split(values, 3, 0)
    return [[float(part.sum()) / total for part in np.array_split(row, 3, 1)] for row in rows]
