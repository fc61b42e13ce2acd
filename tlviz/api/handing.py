"""A run by any of its names, taken home: exported, or asked about new pictures."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike

from tlviz.api.keeping import RunLike, open_run
from tlviz.api.taking import Exported, Predicted, ask_about, take_home


def export(
    run: RunLike,
    to: str | PathLike[str],
    formats: str | Sequence[str] = "safetensors",
    *,
    zip: bool = False,  # noqa: A002 (as the command line calls it)
    weights: str = "best",
    check: bool = True,
    progress: bool = True,
) -> Exported:
    """Write a run's network into a new folder, in formats that need no tlviz, and prove that they give its answers.

    ``formats`` are names, or "all" for those with the run's own answers, "every" for all there are; of a race its
    winner is taken.  ``zip`` writes a ZIP beside it.  Raises ``TlvizError`` for a mistake, such as a folder that is
    not empty, and ``RunFailedError`` where it came to no end.

    >>> run = tlviz.finetune("squeezenet1_1", "photos", "head_only", epochs=1, image_size=64)
    >>> exported = tlviz.export(run, "exported", "safetensors")
    >>> exported.ready
    True
    """
    return take_home(open_run(run).folder, to, formats, zipped=zip, weights=weights, check=check, progress=progress)


def predict(
    run: RunLike,
    *pictures: str | PathLike[str],
    unlike: bool = True,
    progress: bool = True,
) -> Predicted:
    """Classify new pictures, files or folders, with a run's best weights.

    Of a race its winner answers.  ``unlike`` also marks pictures unlike the training images, where these are on this
    machine.  Raises ``BadDatasetError`` where nothing is a picture, and ``BadWeightsError`` where the run has saved no
    weights.

    >>> named = tlviz.predict("last", "pictures")
    >>> named.table()
    """
    return ask_about(open_run(run).folder, pictures, unlike=unlike, progress=progress)
