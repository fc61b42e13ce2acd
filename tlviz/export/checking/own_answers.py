"""What this program itself answers for picture files: the way of ``tlviz predict``, which every export must repeat."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from tlviz.cores import usable_cores
from tlviz.data.fingerprints import fingerprint
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.problem import Problem
from tlviz.export.checking.runner import TOGETHER
from tlviz.export.predict import Picture, open_square
from tlviz.models.load import Network, normalise

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class OwnAnswers:
    """What is answered for every picture that can be opened: ``rows`` (n) are their places among all, logits (n, C).

    ``digests`` (n) are checksums of their squares, ``prints`` (n) those that runs note of their pictures.
    """

    rows: NDArray[np.int64]
    logits: NDArray[np.float32]
    digests: NDArray[np.uint32]
    prints: NDArray[np.uint32]


def own_answers(network: Network, geometry: Geometry, paths: Sequence[Path], of: int, progress: Progress) -> OwnAnswers:
    """Open and name picture files as ``tlviz predict`` does; those that cannot be opened are left out.

    ``of`` is how many pictures the run had noted checksums of.
    """
    rows: list[int] = []
    logits: list[NDArray[np.float32]] = []
    digests: list[int] = []
    prints: list[int] = []
    waiting: list[NDArray[np.uint8]] = []

    def answer() -> None:
        if waiting:
            logits.append(_logits(network, np.stack(waiting)))
            waiting.clear()

    with ThreadPoolExecutor(max_workers=usable_cores()) as pool:
        for at in range(0, len(paths), TOGETHER):
            batch = paths[at : at + TOGETHER]
            opened = pool.map(lambda path: open_square(Picture(str(path), path), geometry), batch)
            for number, square in enumerate(opened, at):
                if isinstance(square, Problem):
                    continue
                rows.append(number)
                digests.append(zlib.crc32(np.ascontiguousarray(square).data))
                prints.append(fingerprint(square, of))
                waiting.append(square)
                if len(waiting) == TOGETHER:  # the batches that the bundle is asked in
                    answer()
            progress("own answers", at + len(batch), len(paths))
    answer()
    found = np.concatenate(logits) if logits else np.empty((0, len(network.classes)), np.float32)
    return OwnAnswers(np.array(rows, np.int64), found, np.array(digests, np.uint32), np.array(prints, np.uint32))


def _logits(network: Network, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
    inputs = normalise(torch.from_numpy(squares), network.spec.pixels)
    with network.lock, torch.no_grad(), _attention_step_by_step():
        logits: NDArray[np.float32] = network.module.eval()(inputs).float().cpu().numpy()
    return logits


@contextmanager
def _attention_step_by_step() -> Iterator[None]:
    """Compute torch's own attention as traced programs and the scripts do: its short cut rounds otherwise."""
    was_short = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was_short)
