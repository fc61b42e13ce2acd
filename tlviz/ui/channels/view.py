"""What the Channels page is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tlviz.data.images import ImageSet
from tlviz.figures.theme import stage_colours
from tlviz.models.spec import Stage
from tlviz.ui.cached import networks


@dataclass(frozen=True, slots=True)
class ChannelsView:
    """What the page is about: a network, its stages, the chosen one, and the images that are looked at."""

    model: str
    stages: Sequence[Stage]
    stage: Stage
    images: ImageSet
    version: str
    tuned: str | None = None
    """A run whose weights are looked at instead of the pretrained ones."""

    @property
    def colour(self) -> str:
        """Return the stage's colour."""
        return stage_colours(len(self.stages))[self.stages.index(self.stage)]

    def name_of(self, channel: int) -> str:
        """Return how a channel is called: by its number, in the head by its class too."""
        classes = networks.network(self.model).classes
        is_class = self.stage is self.stages[-1] and len(classes) == self.stage.channels
        return f"{channel} ({classes[channel]})" if is_class else str(channel)
