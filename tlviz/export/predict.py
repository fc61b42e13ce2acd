"""New pictures through a run's network: classes with probabilities, and whether a picture looks like the run's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from tlviz.cores import usable_cores
from tlviz.csv_text import csv_text
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.opening import read_file
from tlviz.data.pixels.pictures import Pixels, decode_picture, fit_picture, to_rgb
from tlviz.data.pixels.problem import Problem
from tlviz.data.sources.folder import pictures_below
from tlviz.data.sources.reading import LeftOut
from tlviz.errors import BadPictureError, BadWeightsError
from tlviz.explore.maps.feature_maps import Guess, best_guesses
from tlviz.export.bundle import load_bundle, read_header
from tlviz.export.ood_reference import OodReference, feature_stage
from tlviz.models.hooks import forward_hooks
from tlviz.models.layout import as_features
from tlviz.models.load import Network, normalise
from tlviz.models.spec import find_stage
from tlviz.runs.store.folder import RunFolder

BATCH = 32
TOP = 3
SKIPPED = "left out"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to be named: how it is called, and its file or its content."""

    path: str
    source: Path | bytes


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a network says of one picture: its best guesses, best first.

    ``distance`` is how far it is from the training images; above 1 it is out of distribution.  None if unknown.
    ``note`` says what was odd about the file and what was done about it, or is None.
    """

    path: str
    guesses: tuple[Guess, ...]
    distance: float | None
    note: str | None = None

    @property
    def is_unlike(self) -> bool | None:
        """Return whether the picture is out of distribution, None where the training images are unknown."""
        return None if self.distance is None else self.distance > 1


@dataclass(frozen=True, slots=True)
class Predictions:
    """A prediction for every picture that could be opened, and what was wrong with the others."""

    rows: tuple[Prediction, ...]
    problems: tuple[Problem, ...]


def load_predictor(run: RunFolder) -> tuple[Network, Geometry]:
    """Load a run's best weights, and how pictures become square for them.

    Raises ``BadWeightsError`` where the run has saved none or they are damaged.
    """
    geometry = read_geometry(run)
    return load_bundle(run.weights), geometry


def read_geometry(run: RunFolder) -> Geometry:
    """Return how pictures become square for a run's best weights; raises as ``load_predictor``."""
    if not run.weights.exists():
        raise BadWeightsError(f"The run {run.name} has saved no weights, so it cannot name pictures.")
    said = read_header(run.weights).preprocessing
    try:
        return Geometry.from_json(said)
    except (KeyError, TypeError, ValueError) as error:
        raise BadWeightsError(
            f"The weights {run.weights} do not state how pictures are made square ({error})."
        ) from error


def find_pictures(paths: Iterable[Path]) -> tuple[list[Picture], list[Problem]]:
    """List the pictures that paths name, those below folders included, each file once, and all that is none.

    What is a picture is decided by content; hidden files and folders are not looked into.
    """
    found: dict[str, Picture] = {}
    problems: list[Problem] = []
    for path in paths:
        if path.is_dir():
            others: list[LeftOut] = []
            below = pictures_below(path, problems, others)
            found |= {str(file): Picture(str(file), file) for file in below if file.is_file()}
            problems += [Problem(str(file), "is not a file", SKIPPED) for file in below if not file.is_file()]
            problems += [Problem(other.path, other.reason, SKIPPED) for other in others]
            if not below:
                problems.append(Problem(str(path), "holds no pictures", SKIPPED))
        elif path.is_file():
            found[str(path)] = Picture(str(path), path)
        else:  # a pipe or a device would be waited for, or read, without end
            problem = "is not a file" if path.exists() else "does not exist"
            problems.append(Problem(str(path), problem, SKIPPED))
    return list(found.values()), list({(one.path, one.problem): one for one in problems}.values())


def predict(
    network: Network,
    geometry: Geometry,
    pictures: Sequence[Picture],
    reference: OodReference | None = None,
    progress: Progress | None = None,
) -> Predictions:
    """Name pictures in batches; one that cannot be opened is left out and becomes a problem.

    ``progress`` gets the pictures done and their number after each batch, and may raise to end the work.
    """
    rows: list[Prediction] = []
    problems: list[Problem] = []
    with ThreadPoolExecutor(max_workers=usable_cores()) as pool:  # Pillow decodes outside the interpreter lock
        for at in range(0, len(pictures), BATCH):
            batch = pictures[at : at + BATCH]
            opened = list(pool.map(lambda picture: _open(picture, geometry), batch))
            squares = [(p.path, *o) for p, o in zip(batch, opened, strict=True) if not isinstance(o, Problem)]
            problems += [one for one in opened if isinstance(one, Problem)]
            if squares:
                rows += _name(network, squares, reference)
            if progress:
                progress(at + len(batch), len(pictures))
    return Predictions(tuple(rows), tuple(problems))


def to_csv(rows: Sequence[Prediction]) -> str:
    """Return predictions as CSV: path, class, probability, and whether the picture is unlike the training images."""
    unlike = {None: "", True: "yes", False: "no"}
    return csv_text(
        ("path", "class", "probability", "unlike_training"),
        ((r.path, r.guesses[0].name, f"{r.guesses[0].probability:.6f}", unlike[r.is_unlike]) for r in rows),
    )


def open_square(picture: Picture, geometry: Geometry) -> Pixels | Problem:
    """Return a picture as a network gets it, uint8 (S, S, 3), or what is wrong with it."""
    opened = _open(picture, geometry)
    return opened if isinstance(opened, Problem) else opened[0]


def _open(picture: Picture, geometry: Geometry) -> tuple[Pixels, str | None] | Problem:
    """Return a picture as a network gets it and what is odd about its file, or why there is none."""
    try:
        source = picture.source
        content = source if isinstance(source, bytes) else read_file(source)
        opened = decode_picture(content, picture.path, depth=geometry.depth)
        image = to_rgb(opened, picture.path, geometry.depth)
    except BadPictureError as error:
        return Problem(picture.path, str(error), SKIPPED)
    except OSError as error:
        return Problem(picture.path, f"cannot be read: {error.strerror or error}", SKIPPED)
    square = fit_picture(image, geometry.size, geometry.fit, geometry.interpolation, geometry.crop_fraction)
    return square, opened.notes(geometry.depth)


def _name(
    network: Network, squares: Sequence[tuple[str, Pixels, str | None]], reference: OodReference | None
) -> list[Prediction]:
    logits, features = _see(network, np.stack([square for _, square, _ in squares]))
    distances = reference.distances(features.numpy()) if reference else [None] * len(squares)
    return [
        Prediction(path, best_guesses(row, network.classes, TOP), None if far is None else float(far), note)
        for (path, _, note), row, far in zip(squares, logits, distances, strict=True)
    ]


def _see(network: Network, pixels: Pixels) -> tuple[Tensor, Tensor]:
    """Return logits (n, C) and the last backbone stage's features (n, D) of pictures (n, S, S, 3)."""
    stage = find_stage(network.stages, feature_stage(network))
    features: list[Tensor] = []

    def keep(_path: str, _layer: nn.Module, output: Tensor) -> None:
        features.append(as_features(output, stage.layout).float().cpu())

    end = stage.modules[-1]
    inputs = normalise(torch.from_numpy(pixels), network.spec.pixels)
    with network.lock, forward_hooks({end: network.module.get_submodule(end)}, keep), torch.no_grad():
        logits: Tensor = network.module.eval()(inputs)
    return logits.float().cpu(), features[-1]
