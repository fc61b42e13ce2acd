"""Channels in numbers: their top images, their classes, several networks side by side, and filters, as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tlviz.csv_text import csv_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tlviz.explore.channels.top_images import TopImages
    from tlviz.ui.channels.view import ChannelsView


def channel_table(place: ChannelsView, top: TopImages, channel: int) -> bytes:
    """Return a channel's top images as CSV: rank, image, class, activation, and the peak on the stage's grid."""
    rows = (
        (rank + 1, place.images.names[at], place.images.classes[place.images.labels[at]], value, row, column, top.side)
        for rank, (at, value, row, column) in enumerate(
            zip(top.images[channel], top.values[channel], top.rows[channel], top.columns[channel], strict=True)
        )
    )
    return csv_text(("rank", "image", "class", "activation", "row", "column", "grid_side"), rows).encode()


def stage_table(place: ChannelsView, top: TopImages) -> bytes:
    """Return all channels of a stage as CSV: selectivity, preferred class, range, mean activation by class."""
    rows = ((channel, *_of_channel(place, top, channel)) for channel in range(len(top.images)))
    return csv_text(("channel", *_head(place)), rows).encode()


def networks_table(places: Sequence[ChannelsView], tops: Sequence[TopImages], channel: int) -> bytes:
    """Return one channel in several networks as CSV, one line a network, in the columns of ``stage_table``."""
    rows = (
        (place.tuned or place.model, channel, *_of_channel(place, top, channel))
        for place, top in zip(places, tops, strict=True)
    )
    return csv_text(("network", "channel", *_head(places[0])), rows).encode()


def filter_table(weights: NDArray[np.float32]) -> bytes:
    """Return a filter (3, h, w) as CSV, one line a position."""
    _, height, width = weights.shape
    rows = ((row, column, *weights[:, row, column]) for row in range(height) for column in range(width))
    return csv_text(("row", "column", "red", "green", "blue"), rows).encode()


def _head(place: ChannelsView) -> tuple[str, ...]:
    names = (f"mean: {name}" for name in place.images.classes)
    return ("class_selectivity", "preferred_class", "dead", "lowest", "highest", *names)


def _of_channel(place: ChannelsView, top: TopImages, channel: int) -> tuple[object, ...]:
    selectivity = top.selectivity()[channel]
    prefers = not np.isnan(selectivity)
    return (
        selectivity if prefers else "",
        place.images.classes[top.preferred_class(channel)] if prefers else "",
        int(top.is_dead(channel)),
        top.lowest[channel],
        top.highest[channel],
        *top.class_means[channel],
    )
