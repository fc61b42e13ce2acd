"""How long the doctor looks at 5,000 images, features included: ``python tests/bench/doctor.py [IMAGES]``.

JPEGs of 500 x 400 pixels are painted first, no two alike, and twenty copies put among them; then the clock starts.
At most 60 seconds on two cores, for each 5,000.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import time
from multiprocessing import Pool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.painted import paint
from tlviz.diagnose.doctor import check_dataset

CLASSES = 10
COPIES = 20
LIMIT_S = 60.0


def write(place: tuple[Path, int]) -> None:
    """Paint one picture of 500 x 400 pixels into its class."""
    root, at = place
    paint(at, 500, 400).save(root / f"class {at % CLASSES}" / f"{at:05d}.jpg", quality=90)


def main() -> int:
    """Generate, look, print; the exit status says whether the limit was kept."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TLVIZ_HOME"] = f"{folder}/home"
        root = Path(folder) / "images"
        for label in range(CLASSES):
            (root / f"class {label}").mkdir(parents=True)
        with Pool() as pool:
            pool.map(write, [(root, at) for at in range(count)], chunksize=50)
        for at in range(COPIES):
            shutil.copy(
                root / f"class {at % CLASSES}" / f"{at:05d}.jpg", root / f"class {at % CLASSES}" / f"copy of {at}.jpg"
            )
        begun, cpu = time.perf_counter(), time.process_time()
        report = check_dataset(str(root))
        seconds, cpu_s = time.perf_counter() - begun, time.process_time() - cpu
        again = time.perf_counter()
        check_dataset(str(root))
        again_s = time.perf_counter() - again
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{report.images:,} images, {len(report.findings)} findings ({COPIES} copies planted), {os.cpu_count()} cores"
    )
    print(f"{seconds:.1f} s (limit {LIMIT_S * count / 5000:.0f} s), {cpu_s:.1f} s of CPU, peak {peak_mb:.0f} MB")
    print(f"second look {again_s:.2f} s")
    return int(seconds > LIMIT_S * count / 5000)


if __name__ == "__main__":
    sys.exit(main())
