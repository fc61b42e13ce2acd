"""How fast a folder becomes a target, beside a bare loop over Pillow, and how much memory it takes.

    python tests/bench/ingest.py [--images 10000] [--memory 50000] [--folder /tmp/somewhere]

Speed: JPEGs of 500 x 400 at 224 pixels; the bare loop decodes and resizes on all cores, by threads and by processes
(the faster counts), stores nothing, and takes turns with ours so that a busy machine is as busy for both.  Memory: the
largest anonymous memory (Linux's RssAnon) of a process that decodes and then opens so many images; ``--memory`` makes
links to the same files where there are fewer.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from tlviz.data.images import load_images
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit

GEOMETRY = Geometry(224, Fit.PAD, "bilinear", 1.0)
CLASSES = 10
ROUNDS = 3
MIB = 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--memory", type=int, default=0)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--watched", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.watched:
        print(json.dumps(watched(options.watched)))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        os.environ["TLVIZ_HOME"] = str(Path(folder) / "home")
        root = Path(folder) / "target"
        generate(root, options.images)
        result = {"images": options.images, "cores": os.cpu_count(), "load": os.getloadavg()[0]} | speed(root)
        if options.memory:
            many = Path(folder) / "many"
            link(root, many, options.memory)
            result["memory"] = memory(many)
    print(json.dumps(result, indent=1))


def generate(root: Path, count: int) -> None:
    """Write textured pictures, each another one, about as large on disk as photographs of their size."""
    generator = np.random.default_rng(0)
    coarse = [generator.integers(0, 256, (25, 32, 3), dtype=np.uint8) for _ in range(16)]
    smooth = [
        np.asarray(Image.fromarray(c).resize((500, 400), Image.Resampling.BICUBIC)).astype(np.int16) for c in coarse
    ]
    noise = generator.integers(-10, 11, (400, 500, 3), dtype=np.int16)
    for at in range(CLASSES):
        (root / f"class{at}").mkdir(parents=True)

    def write(at: int) -> None:
        pixels = np.roll(smooth[at % 16], at * 7, axis=1) + np.roll(noise, at * 31, axis=0)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(
            root / f"class{at % CLASSES}/{at:06d}.jpg", quality=88
        )

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(write, range(count)))


def link(root: Path, many: Path, count: int) -> None:
    files = sorted(root.rglob("*.jpg"))
    for at in range(CLASSES):
        (many / f"class{at}").mkdir(parents=True)
    for at in range(count):
        (many / f"class{at % CLASSES}/{at:06d}.jpg").hardlink_to(files[at % len(files)])


def bare(file: Path) -> int:
    with Image.open(file) as image:
        return np.asarray(image.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)).nbytes


def speed(root: Path) -> dict[str, object]:
    """Images a second of the bare loops and of ours over the same files, in turns, and the second opening."""
    files = sorted(root.rglob("*.jpg"))
    rates: dict[str, list[float]] = {"threads": [], "processes": [], "ours": []}
    cpu: dict[str, list[float]] = {name: [] for name in rates}

    def note(name: str, work: Callable[[], object]) -> None:
        before = cpu_s()
        rates[name].append(len(files) / timed(work))
        cpu[name].append(cpu_s() - before)

    for _ in range(ROUNDS):
        note("threads", lambda: by_pool(ThreadPoolExecutor, files))
        note("processes", lambda: by_pool(ProcessPoolExecutor, files))
        shutil.rmtree(Path(os.environ["TLVIZ_HOME"]) / "cache", ignore_errors=True)
        note("ours", lambda: load_images(str(root), GEOMETRY))
    medians = {name: statistics.median(values) for name, values in rates.items()}
    again = statistics.median(timed(lambda: load_images(str(root), GEOMETRY)) for _ in range(5))
    changed = files[len(files) // 2]
    os.utime(changed, ns=(1, changed.stat().st_mtime_ns + 10**9))
    one = timed(lambda: load_images(str(root), GEOMETRY))
    return {
        "images_per_s": {name: [round(value) for value in values] for name, values in rates.items()},
        "ratio": round(medians["ours"] / max(medians["threads"], medians["processes"]), 3),
        "cpu_s": {name: [round(value, 1) for value in values] for name, values in cpu.items()},
        "second_opening_s": round(again, 3),
        "one_file_changed_s": round(one, 3),
    }


def by_pool(kind: type[ThreadPoolExecutor] | type[ProcessPoolExecutor], files: list[Path]) -> None:
    with kind(os.cpu_count()) as pool:
        for _ in pool.map(bare, files, chunksize=16):
            pass


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def cpu_s() -> float:
    """Seconds of processor time of this process and the ones it has waited for."""
    return sum(os.times()[:4])


def memory(root: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--watched", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def watched(root: str) -> dict[str, float]:
    """Decode in this process while a thread looks at its anonymous memory every 50 ms."""
    most = [anonymous_mb()]
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.05):
            most.append(anonymous_mb())

    thread = threading.Thread(target=look)
    thread.start()
    images = load_images(root, GEOMETRY)
    total = sum(int(images.pixels[at : at + 256].sum(dtype=np.int64)) for at in range(0, len(images.labels), 256))
    ended.set()
    thread.join()
    assert total
    return {
        "images": len(images.labels),
        "map_mb": round(images.pixels.nbytes / MIB),
        "before_mb": round(most[0]),
        "most_anonymous_mb": round(max(most)),
    }


def anonymous_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("RssAnon:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
