"""Hostile checkpoints, headers and archives: success or one sentence, in bounds, without code, inside the home.

A share runs each time; the many in a process of their own, whose memory is limited, with ``-m slow``.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fuzz.archives import archive
from tests.fuzz.checkpoints import checkpoint, safetensors
from tlviz.data.sources.archive import unpack
from tlviz.errors import TlvizError
from tlviz.models.checkpoint_file import open_checkpoint, read_values
from tlviz.models.file_hints import find_class_names, find_flag, find_scaling
from tlviz.models.imported import exported_model
from tlviz.models.weight_sets import find_sets, weight_groups

MOST_S = 10.0
MOST_BYTES = 2**30
LONGEST_MESSAGE = 900
QUICK = {"checkpoints": 90, "headers": 50, "archives": 50}
SLOW = {"checkpoints": 4_000, "headers": 2_000, "archives": 2_000}


def read_checkpoint(folder: Path, seed: int) -> None:
    path = folder / "hostile.pt"
    path.write_bytes(checkpoint(seed, folder / "canary"))
    file = open_checkpoint(path)
    find_sets(file.content, {"conv.weight", "fc.bias"})
    for _, tensors in weight_groups(file.content):
        read_values(file, tensors)
    for found in (
        find_class_names(file.hints),
        [find_flag(file.hints, "a")],
        [find_scaling(file.hints)],
        [file.left_unread()],
    ):
        list(found)


def read_header(folder: Path, seed: int) -> None:
    path = folder / "hostile.safetensors"
    path.write_bytes(safetensors(seed))
    try:
        open_checkpoint(path)
    finally:
        exported_model(path)


def read_archive(folder: Path, seed: int) -> None:
    ending, content = archive(seed)
    path = folder / f"hostile{ending}"
    path.write_bytes(content)
    unpack(path)


READERS: dict[str, Callable[[Path, int], None]] = {
    "checkpoints": read_checkpoint,
    "headers": read_header,
    "archives": read_archive,
}


def try_seeds(kind: str, folder: Path, seeds: range) -> int:
    """Read one file for each seed; return how many were good enough to be used."""
    given = folder / "given"
    given.mkdir()
    used = 0
    for seed in seeds:
        begun = time.process_time()
        try:
            READERS[kind](given, seed)
            used += 1
        except TlvizError as error:
            said = str(error)
            assert len(said) < LONGEST_MESSAGE, (seed, said)
            assert "\n" not in said, (seed, said)
        assert time.process_time() - begun < MOST_S, seed
        assert not (given / "canary").exists(), f"the file of seed {seed} ran code"
        assert {path.name.partition(".")[0] for path in given.iterdir()} == {"hostile"}, seed
    assert {path.name for path in folder.iterdir()} <= {"given", "tlviz-home"}
    return used


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("kind", READERS)
def test_hostile_files(kind: str, tmp_path: Path) -> None:
    assert try_seeds(kind, tmp_path, range(QUICK[kind])) < QUICK[kind]


def _limited(kind: str, folder: Path) -> None:
    """Run in a process of its own, so that no file can take more memory than it may."""
    import resource

    import torch  # noqa: F401 (before the limit: what it maps is not the files' doing)

    from tlviz.models.table import MODELS

    assert len(MODELS) > 0
    with Path("/proc/self/statm").open() as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST_BYTES, used + MOST_BYTES))
    first = 1_000_000
    try_seeds(kind, folder, range(first, first + SLOW[kind]))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited as Linux does it")
@pytest.mark.parametrize("kind", READERS)
def test_thousands_of_hostile_files(kind: str, tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_limited, args=(kind, tmp_path))
    process.start()
    process.join()
    assert process.exitcode == 0
