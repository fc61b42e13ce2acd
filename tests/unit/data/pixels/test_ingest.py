"""Decoding every picture once into an array on disk."""

import io
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.unit.data.pixels.counted import GEOMETRY, Counted, stored
from tlviz.data.pixels import ingest as module
from tlviz.data.pixels.ingest import Geometry, Source, ingest
from tlviz.data.pixels.pictures import Fit, open_picture
from tlviz.errors import BadDatasetError, BadPictureError, StorageError
from tlviz.home import cache_folder


def test_pixels_are_a_uint8_memory_map_in_order(counted: Counted) -> None:
    decoded = ingest([counted.source(at) for at in range(20)], GEOMETRY)
    assert isinstance(decoded.pixels, np.memmap)
    assert decoded.pixels.dtype == np.uint8
    assert decoded.pixels.shape == (20, 8, 8, 3)
    assert decoded.pixels[:, 4, 4, 0].tolist() == list(range(20))
    assert decoded.kept == list(range(20))
    assert decoded.problems == ()


def test_the_cache_cannot_be_changed_through_the_pixels(counted: Counted) -> None:
    decoded = ingest([counted.source(1)], GEOMETRY)
    with pytest.raises(ValueError, match="read-only"):
        decoded.pixels[0] = 0


def test_the_second_opening_decodes_nothing(counted: Counted) -> None:
    sources = [counted.source(at) for at in range(6)] + [counted.source(6, error=BadPictureError("broken"))]
    first = ingest(sources, GEOMETRY)
    assert counted.calls == 7
    second = ingest(sources, GEOMETRY)
    assert counted.calls == 7
    assert np.array_equal(first.pixels, second.pixels)
    assert first.kept == second.kept
    assert first.problems == second.problems
    assert len(first.problems) == 1


@pytest.mark.parametrize(
    "other",
    [
        Geometry(9, Fit.PAD, "bilinear", 1.0),
        Geometry(8, Fit.CROP, "bilinear", 1.0),
        Geometry(8, Fit.PAD, "bicubic", 1.0),
        Geometry(8, Fit.PAD, "bilinear", 0.875),
    ],
)
def test_each_geometry_is_decoded_by_itself(counted: Counted, other: Geometry) -> None:
    sources = [counted.source(1)]
    ingest(sources, GEOMETRY)
    assert ingest(sources, other).pixels.shape[1] == other.size
    assert counted.calls == 2
    assert len(stored()) == 2


def test_another_order_or_selection_is_another_entry(counted: Counted) -> None:
    one, two = counted.source(1), counted.source(2)
    assert ingest([one, two], GEOMETRY).pixels[:, 4, 4, 0].tolist() == [1, 2]
    assert ingest([two, one], GEOMETRY).pixels[:, 4, 4, 0].tolist() == [2, 1]
    assert ingest([one], GEOMETRY).pixels[:, 4, 4, 0].tolist() == [1]


def test_an_unreadable_picture_leaves_no_row(counted: Counted) -> None:
    sources = [counted.source(at) for at in range(5)]
    sources[1] = counted.source(1, error=BadPictureError("picture 1 is damaged"))
    sources[3] = counted.source(3, error=PermissionError("no access"))
    decoded = ingest(sources, GEOMETRY)
    assert decoded.kept == [0, 2, 4]
    assert decoded.pixels.shape == (3, 8, 8, 3)
    assert decoded.pixels[:, 4, 4, 0].tolist() == [0, 2, 4]
    assert [(p.path, p.problem, p.action) for p in decoded.problems] == [
        ("picture 1", "picture 1 is damaged", "left out"),
        ("picture 3", "cannot be read: no access", "left out"),
    ]


def test_an_odd_picture_is_kept_and_reported(counted: Counted) -> None:
    decoded = ingest([counted.source(0, oddity="an animation"), counted.source(1)], GEOMETRY)
    assert decoded.kept == [0, 1]
    assert [(p.path, p.problem, p.action) for p in decoded.problems] == [("picture 0", "an animation", "kept")]


def test_every_truncated_picture_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "usable_cores", lambda: 4)
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG")
    half = buffer.getvalue()[: buffer.tell() // 2]
    sources = [Source(str(at), str(at), partial(open_picture, half, "cut")) for at in range(48)]
    decoded = ingest(sources, GEOMETRY)
    assert len(decoded.kept) == 48
    assert [problem.path for problem in decoded.problems] == [str(at) for at in range(48)]


def test_nothing_readable_is_refused_each_time(counted: Counted) -> None:
    sources = [counted.source(at, error=BadPictureError(f"picture {at} is empty")) for at in range(3)]
    for _ in range(2):
        with pytest.raises(BadDatasetError, match=r"None of the 3 pictures .* the first: picture 0 is empty"):
            ingest(sources, GEOMETRY)


def test_a_file_that_could_not_be_read_is_tried_again(counted: Counted) -> None:
    """A permission or a network drive may come back without the file's size or time changing."""
    refused = [counted.source(0), counted.source(1, error=PermissionError("Permission denied"))]
    assert ingest(refused, GEOMETRY).kept == [0]
    allowed = [counted.source(0), counted.source(1)]
    assert [source.stamp for source in allowed] == [source.stamp for source in refused]
    assert ingest(allowed, GEOMETRY).kept == [0, 1]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("a defect")])
def test_an_interrupted_decode_leaves_nothing_behind(counted: Counted, error: BaseException) -> None:
    sources = [counted.source(at, error=error if at == 7 else None) for at in range(12)]
    with pytest.raises(type(error)):
        ingest(sources, GEOMETRY)
    assert stored() == []
    whole = ingest([counted.source(at) for at in range(12)], GEOMETRY)
    assert whole.kept == list(range(12))


def test_an_interrupt_from_the_progress_leaves_nothing_behind(counted: Counted) -> None:
    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest([counted.source(at) for at in range(12)], GEOMETRY, stop)
    assert stored() == []


def test_a_half_written_entry_of_a_killed_process_is_not_used(counted: Counted) -> None:
    sources = [counted.source(at) for at in range(3)]
    ingest(sources, GEOMETRY)
    (name,) = stored()
    entry = cache_folder("images") / name
    leftover = entry.with_name(f".{name}.abc")
    entry.rename(leftover)
    (leftover / "index.json").unlink()
    assert ingest(sources, GEOMETRY).kept == [0, 1, 2]
    assert counted.calls == 6


def test_a_full_disk_is_one_sentence(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_reserve", full)
    with pytest.raises(StorageError, match=r"No space left on device.*Free some space, or set TLVIZ_HOME"):
        ingest([counted.source(0)], GEOMETRY)
    assert counted.calls == 0
    assert stored() == []


def test_a_home_that_is_a_file_is_one_sentence(
    counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TLVIZ_HOME", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="set TLVIZ_HOME to a folder you can write to"):
        ingest([counted.source(0)], GEOMETRY)


def test_progress_goes_to_the_end(counted: Counted) -> None:
    told: list[tuple[int, int]] = []
    sources = [counted.source(at, error=OSError("x") if at == 4 else None) for at in range(5)]
    ingest(sources, GEOMETRY, lambda done, total: told.append((done, total)))
    assert told == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_whoever_finishes_second_gets_the_pictures_too(counted: Counted) -> None:
    inner = [counted.source(at) for at in range(3)]

    def overtaken() -> tuple[Image.Image, str | None]:
        assert ingest(inner, GEOMETRY).kept == [0, 1, 2]
        return inner[0].open()

    outer = [Source("picture 0", inner[0].stamp, overtaken), *inner[1:]]
    assert ingest(outer, GEOMETRY).pixels[:, 4, 4, 0].tolist() == [0, 1, 2]
    assert len(stored()) == 1


def test_an_entry_that_appears_at_the_last_moment_is_used(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    real_rename = Path.rename

    def rename(self: Path, target: Path) -> Path:
        shutil.copytree(self, target)
        return real_rename(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    assert ingest([counted.source(at) for at in range(3)], GEOMETRY).kept == [0, 1, 2]
    assert len(stored()) == 1


def test_an_old_entry_that_another_process_removed_is_no_obstacle(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_iterdir = Path.iterdir

    def iterdir(self: Path) -> Iterator[Path]:
        yield self / "just removed"
        yield from real_iterdir(self)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    assert ingest([counted.source(0)], GEOMETRY).kept == [0]


def test_a_stamp_that_is_no_unicode_is_no_obstacle() -> None:
    opener: Callable[[], tuple[Image.Image, str | None]] = lambda: (Image.new("RGB", (4, 4)), None)  # noqa: E731
    name = os.fsdecode(b"/data/caf\xe9.png")
    assert ingest([Source(name, f"{name}|1|2", opener)], GEOMETRY).kept == [0]


def test_one_changed_picture_is_decoded_alone(counted: Counted) -> None:
    sources = [counted.source(at) for at in range(20)]
    ingest(sources, GEOMETRY)
    sources[7] = counted.source(70, stamp="changed")
    decoded = ingest(sources, GEOMETRY)
    assert counted.calls == 21
    assert decoded.pixels[:, 4, 4, 0].tolist() == [*range(7), 70, *range(8, 20)]


def test_removing_adding_and_sorting_decode_only_what_is_new(counted: Counted) -> None:
    ingest([counted.source(at) for at in range(10)], GEOMETRY)
    order = [9, 3, 12, 0, 5]
    decoded = ingest([counted.source(at) for at in order], GEOMETRY)
    assert counted.calls == 11
    assert decoded.pixels[:, 4, 4, 0].tolist() == order
    assert decoded.kept == [0, 1, 2, 3, 4]


def test_what_was_odd_before_is_still_odd_and_at_its_new_place(counted: Counted) -> None:
    broken, odd = counted.source(1, error=BadPictureError("broken")), counted.source(2, oddity="truncated")
    first = ingest([counted.source(0), broken, odd], GEOMETRY)
    second = ingest([odd, counted.source(3), broken], GEOMETRY)
    assert counted.calls == 4
    assert set(first.problems) == set(second.problems)
    assert [problem.path for problem in second.problems] == ["picture 2", "picture 1"]
    assert second.kept == [0, 1]
    assert second.pixels[:, 4, 4, 0].tolist() == [2, 3]


def test_only_what_could_not_be_read_is_tried_again(counted: Counted) -> None:
    sources = [counted.source(at) for at in range(5)]
    sources[2] = counted.source(2, error=PermissionError("no"))
    ingest(sources, GEOMETRY)
    sources[2] = counted.source(2)
    assert ingest(sources, GEOMETRY).kept == [0, 1, 2, 3, 4]
    assert counted.calls == 6


def test_a_disk_that_fills_while_decoding_is_one_sentence(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the space cannot be claimed beforehand, the write itself fails."""
    resource = pytest.importorskip("resource")
    monkeypatch.setattr(module, "_reserve", lambda descriptor, size: None)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        with pytest.raises(StorageError, match="File too large"):
            ingest([counted.source(at) for at in range(100)], GEOMETRY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert stored() == []
    assert ingest([counted.source(at) for at in range(3)], GEOMETRY).kept == [0, 1, 2]


def test_little_waits_in_memory_while_the_disk_is_slow(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []

    def slow(done: int, total: int) -> None:
        time.sleep(0.001)
        told.append(counted.calls - done)

    monkeypatch.setattr(module, "usable_cores", lambda: 2)
    ingest([counted.source(at % 250, stamp=str(at)) for at in range(400)], GEOMETRY, slow)
    assert max(told) <= (4 * 2 + 2) * module._TOGETHER


def test_a_system_that_cannot_claim_disk_space_decodes_the_same(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """macOS and Windows have no ``posix_fallocate``."""
    monkeypatch.delattr(os, "posix_fallocate", raising=False)
    decoded = ingest([counted.source(at) for at in range(3)], GEOMETRY)
    assert decoded.pixels[:, 0, 0, 0].shape == (3,)
    assert decoded.pixels[:, 4, 4, 0].tolist() == [0, 1, 2]
    assert (next(cache_folder("images").iterdir()) / "pixels.npy").stat().st_size == 128 + 3 * 8 * 8 * 3
