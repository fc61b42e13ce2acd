"""Whatever a picture file holds, it is decoded or one sentence says why not, within time and memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.fuzz.guard import MOST_S, survives
from tests.fuzz.pictures import picture
from tlviz.data.doctor.inspect_file import inspect_file
from tlviz.data.pixels.depth import Depth
from tlviz.data.pixels.pictures import Fit, fit_picture, open_picture
from tlviz.data.pixels.ranges import is_deep_file
from tlviz.data.pixels.signatures import looks_like_picture, why_no_picture
from tlviz.errors import BadPictureError

MOST_MB = 1024
CHOSEN = Depth((0.0, 4095.0), (3, 2, 1), -9999.0)


@pytest.mark.parametrize("count", [125, pytest.param(5_000, marks=pytest.mark.slow)])
def test_every_picture_is_decoded_or_one_sentence(count: int, tmp_path: Path) -> None:
    good = 0
    file = tmp_path / "x"
    for seed in range(count):
        content = picture(seed)
        for depth in (Depth(), CHOSEN):
            with survives(seed, tmp_path):
                image, _ = open_picture(content, "x", depth)
                fit_picture(image, 32, Fit.PAD, "bilinear", 0.9)
                good += 1
        file.write_bytes(content)
        with survives(seed, tmp_path):
            inspect_file(lambda content=content: content, "x")
            is_deep_file(file)
        assert looks_like_picture(file) or why_no_picture(file), seed
    assert count / 5 < good < 2 * count


LARGE = """
import io, os, resource, sys, time, zlib
import numpy as np
from PIL import Image
from tests.fuzz.pictures import png
from tests.unit.data.pixels.tiffs import tiff
from tlviz.data.pixels.pictures import open_picture
from tlviz.errors import TlvizError

side = 10_000
def rows(width): return (b"\\0" + bytes(width)) * side
def saved(mode, kind, size=(side, side), **options):
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, kind, **options)
    return buffer.getvalue()
kinds = {
    "16-bit grey PNG": lambda: png(side, side, 16, 0, rows(2 * side)),
    "16-bit colour PNG": lambda: png(side, side, 16, 2, rows(6 * side)),
    "transparent PNG": lambda: png(side, side, 8, 6, rows(4 * side)),
    "16-bit TIFF": lambda: tiff(np.zeros((side, side), np.uint16), compression=8, rows=256),
    "float TIFF": lambda: tiff(np.zeros((side, side), np.float32), compression=8, rows=256),
    "5 bands": lambda: tiff(np.zeros((side, side, 5), np.uint16), compression=8, rows=256),
    "any-map of 4,095": lambda: b"P5 10000 10000 4095\\n" + bytes(2 * side * side),
    "any-map as text": lambda: b"P2 10000 10000 255\\n" + b"0 " * 14_000_000,
    "AVIF": lambda: saved("RGB", "AVIF", (7000, 7000), speed=10),
    "JPEG 2000": lambda: saved("RGB", "JPEG2000", (5400, 5400)),
}
content = kinds[sys.argv[1]]()
begun, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
pid = os.fork()  # a child of its own, so that what making the file took is not counted
if pid == 0:
    start = int(open("/proc/self/statm").read().split()[1]) * 4096
    begun = time.process_time()
    try:
        said = open_picture(content, "large")[0].size
    except TlvizError as error:
        said = error
    peak = [int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM")][0]
    print(f"{time.process_time() - begun:.2f} {(peak - start) / 2**20:.0f} {said}", flush=True)
    os._exit(0)
os.waitpid(pid, 0)
"""
NEEDED = {"5 bands": 1000, "float TIFF": 700, "transparent PNG": 700}
"""Megabytes that the pixels themselves need, as values and as 8-bit colour; 400 to 600 else."""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this system does not tell a process's peak")
@pytest.mark.parametrize(
    "kind",
    ["16-bit grey PNG", "16-bit colour PNG", "transparent PNG", "16-bit TIFF", "float TIFF", "5 bands",
     "any-map of 4,095", "any-map as text", "AVIF", "JPEG 2000"],
)  # fmt: skip
def test_the_largest_pictures_stay_within_ten_seconds_and_a_gigabyte_beyond_their_pixels(kind: str) -> None:
    done = subprocess.run([sys.executable, "-c", LARGE, kind], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seconds, megabytes, said = done.stdout.split(" ", 2)
    assert float(seconds) < MOST_S, said
    assert float(megabytes) < MOST_MB + NEEDED.get(kind, 600), said


def test_a_palette_picture_without_a_palette_is_decoded_or_one_sentence() -> None:
    from tests.fuzz.pictures import _no_palette

    try:
        assert np.asarray(open_picture(_no_palette(), "x")[0]).shape == (8, 8, 3)
    except BadPictureError as error:
        assert "x is damaged" in str(error)
