"""One channel in Python: the images of a target that excite it most, and the classes it answers to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tlviz.api.bars import counting
from tlviz.api.networks import Source, load_network
from tlviz.api.pictures import at_size
from tlviz.api.result import Result
from tlviz.api.subjects import load_run
from tlviz.api.targets import Data, open_target
from tlviz.errors import BadSettingError
from tlviz.models.spec import Stage, find_stage

if TYPE_CHECKING:
    import pandas as pd

    from tlviz.data.images import ImageSet
    from tlviz.data.pixels.pictures import Pixels
    from tlviz.explore.channels.top_images import TopImages
    from tlviz.figures.theme import Figure
    from tlviz.models.load import Network

MOST_IMAGES = 1000
"""Of larger targets this many images are used, from all classes in proportion."""


@dataclass(frozen=True, repr=False)
class Channel(Result):
    """One channel of a stage among ``images``: ``top`` says the same of every channel of the stage."""

    network: Network
    images: ImageSet
    stage: Stage
    number: int
    top: TopImages

    @property
    def class_means(self) -> dict[str, float]:
        """The mean of its positive activations over the images of each class."""
        return dict(zip(self.images.classes, self.top.class_means[self.number].tolist(), strict=True))

    @property
    def selectivity(self) -> float:
        """How much one class stands out, 0 to 1; not a number where it never answers."""
        return float(self.top.selectivity()[self.number])

    @property
    def summary(self) -> str:
        """Say what the channel answers to."""
        name = f"Channel {self.number} of {self.stage.name}"
        if self.top.is_dead(self.number):
            return f"{name} is dead here: it gives the same everywhere on all {len(self.images.labels):,} images."
        likes = self.images.classes[self.top.preferred_class(self.number)]
        return f"{name} answers most to {likes}; class selectivity {self.selectivity:.2f}."

    def crops(self) -> list[Pixels]:
        """Return what excites it, strongest first: the part of each picture that its peak sees."""
        from tlviz.explore.channels.crops import crop_box, crop_side

        side, size = crop_side(self.network, self.stage.name), self.images.pixels.shape[1]
        rows, columns = self.top.rows[self.number], self.top.columns[self.number]
        boxes = [
            crop_box(side, size, self.top.side, int(row), int(column))
            for row, column in zip(rows, columns, strict=True)
        ]
        return [
            self.images.pixels[int(at)][box.top : box.top + box.side, box.left : box.left + box.side]
            for at, box in zip(self.top.images[self.number], boxes, strict=True)
        ]

    def table(self) -> pd.DataFrame:
        """Return one row an image, strongest first: its name, class and activation."""
        import pandas as pd

        places = self.top.images[self.number].tolist()
        return pd.DataFrame(
            {
                "picture": [self.images.names[at] for at in places],
                "class": [self.images.classes[self.images.labels[at]] for at in places],
                "activation": self.top.values[self.number].tolist(),
            }
        )

    def figure(self) -> Figure:
        """Draw its mean activation for each class."""
        from tlviz.figures.channel_bars import plot_class_means

        return plot_class_means(self.images.classes, list(self.class_means.values()))


def channel(
    model: Source,
    data: Data,
    stage: str | None = None,
    number: int | None = None,
    *,
    run: str | None = None,
    progress: bool = True,
) -> Channel:
    """Find the images of a target that excite a channel most, and the classes it answers to.

    ``stage`` None is the last of the backbone, ``number`` None its most class-selective channel.  ``run`` looks at a
    run's weights instead of the pretrained ones.  Raises ``TlvizError`` for a stage or a channel that is not there.

    >>> found = tlviz.channel("squeezenet1_1", "photos", "fire9")
    >>> found.table()["picture"][0]
    >>> found.figure()
    """
    from tlviz.explore.channels.top_images import sample_images, top_images_of_stages

    source = load_network(model)
    images = sample_images(open_target(data, progress=progress).images(source), MOST_IMAGES)
    network = at_size(load_run(run).network, source.spec.preprocessing.size) if run else source.network
    chosen = network.stages[-2] if stage is None else find_stage(network.stages, stage)
    if number is not None and not 0 <= number < chosen.channels:
        raise BadSettingError(f"{chosen.name} has no channel {number}; it has 0 to {chosen.channels - 1}.")
    with counting("Finding what excites each channel", progress) as told:
        top = top_images_of_stages(network, images, [chosen.name], progress=told)[chosen.name]
    return Channel(network, images, chosen, (top.most_selective(1) or [0])[0] if number is None else number, top)
