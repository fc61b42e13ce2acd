"""How many planted wrong labels the doctor names, and how many right ones: ``python tests/bench/label_noise.py``.

A share of the pictures gets another label at random, in some draws; the doctor's own features and groups of copies are
used.  The rows are the table of docs/benchmarks.md.  ``--targets clipart,photos`` chooses, ``--draws`` is how often.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from tests.bench.targets import TARGETS, write_target  # noqa: E402
from tlviz.data.doctor.duplicates import find_groups  # noqa: E402
from tlviz.data.doctor.inventory import take_inventory  # noqa: E402
from tlviz.diagnose import doctor  # noqa: E402
from tlviz.diagnose.label_noise import check_labels  # noqa: E402

BUNDLED = ("photos", "clipart", "digits")
OTHERS = ("clipart_recoloured", "photos_blurred", "gratings", "shapes")
SHARES = (0.05, 0.15, 0.3)
Ints = NDArray[np.int64]


def seen(target: str, folder: Path) -> tuple[NDArray[np.float32], Ints, Ints]:
    """Return the doctor's features (N, D), the labels (N,) and the groups of copies (N,) of a target."""
    data = target if target in BUNDLED else str(write_target(TARGETS[target], folder))
    inventory = take_inventory(data, None)
    looked = doctor._look(inventory.files, True, doctor._settled(inventory).depth, lambda *_: None)
    assert looked.features is not None
    groups = find_groups(looked.facts, lambda: None, partial(doctor._alike, looked.features))
    labels = np.array([file.label for file in looked.files], dtype=np.int64)
    return looked.features, labels, groups


def mislabelled(labels: Ints, share: float, seed: int) -> Ints:
    """Return labels (N,) of which each is another with this probability."""
    generator = np.random.default_rng(seed)
    wrong = generator.random(len(labels)) < share
    changed = labels.copy()
    changed[wrong] += generator.integers(1, labels.max() + 1, int(wrong.sum()))
    return changed % (labels.max() + 1)


def named(features: NDArray[np.float32], labels: Ints, groups: Ints) -> NDArray[np.bool_]:
    """Return which pictures (N,) the doctor names."""
    found = np.zeros(len(labels), bool)
    result = check_labels(features, labels, groups)
    if result is not None:
        found[[suspect.at for suspect in result.suspects]] = True
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", default=",".join((*BUNDLED, *OTHERS)))
    parser.add_argument("--draws", type=int, default=10)
    chosen = parser.parse_args()
    print("| target | pictures | named as it is |" + "".join(f" {share:.0%} wrong |" for share in SHARES))
    print("|---|---|---|" + "---|" * len(SHARES))
    with tempfile.TemporaryDirectory() as folder:
        for target in chosen.targets.split(","):
            features, labels, groups = seen(target, Path(folder))
            cells = [f"{named(features, labels, groups).sum()}"]
            for share in SHARES:
                hits = wrong = told = 0
                for seed in range(chosen.draws):
                    changed = mislabelled(labels, share, seed)
                    found, planted = named(features, changed, groups), changed != labels
                    hits, wrong, told = hits + (found & planted).sum(), wrong + planted.sum(), told + found.sum()
                cells.append(f"{hits / max(1, told):.2f}, {hits / max(1, wrong):.2f}")
            print(f"| {target} | {len(labels):,} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
