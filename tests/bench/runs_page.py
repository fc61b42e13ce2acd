"""How long the Runs page takes with many runs: ``python tests/bench/runs_page.py [--runs 500]``."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.app.browser import Server, visiting
from tlviz.finetune.config import configure
from tlviz.runs.overview import overview
from tlviz.runs.store.folder import create_run

ROUNDS = 5
EPOCHS = 50
LIMIT_S = 1.5
STAGES = ("stem", *(f"fire{at}" for at in range(2, 10)), "head")


def make_runs(count: int) -> None:
    """Write so many finished runs of fifty epochs with all that a real one tells, and weights of their size."""
    strategies = ("head_only", "last_stages", "full")
    by_stage = dict.fromkeys(STAGES, 0.012345678901234567)
    for at in range(count):
        settings = configure("squeezenet1_1", "clipart", strategies[at % 3], seed=at, epochs=EPOCHS).to_json()
        run = create_run("finetune", f"squeezenet1_1-clipart-{at:04d}", settings)
        lines = [{"event": "started", "validation_images": 73, "trainable_parameters": 5, "groups": [by_stage] * 10}]
        for epoch in range(EPOCHS + 1):
            numbers = {"train_loss": 1.0, "val_loss": 1.0, "val_accuracy": (epoch + at) % 100 / 100, "duration_s": 1.0}
            by = dict.fromkeys(("rates", "gradient_norms", "weight_drift"), by_stage)
            lines.append({"event": "epoch", "epoch": epoch, "images_per_s": 9.0} | numbers | by)
        lines.append({"event": "finished", "status": "finished", "duration_s": 50.0})
        text = "".join(json.dumps(line | {"time": 1.0}) + "\n" for line in lines)
        (run.path / "events.jsonl").write_text(text, encoding="utf-8")
        run.weights.write_bytes(b"\0" * 1000)


def measure_page(home: Path, count: int) -> list[float]:
    """Open the page afresh several times in a browser, on a server that has served another page before."""
    seconds = []
    server = Server(home)
    with visiting(server) as visit:
        server.start()
        visit.go()
        for _ in range(ROUNDS):
            visit.page.goto("about:blank")
            begun = time.perf_counter()
            visit.page.goto(f"{server.url}/runs")
            visit.page.get_by_text(f"{count:,} runs,").wait_for()
            visit.page.wait_for_selector('[data-testid="stDataFrame"] canvas')
            seconds.append(time.perf_counter() - begun)
    server.kill()
    return seconds


def main() -> None:
    """Print how long reading takes without and with the memory, and the page's opening beside its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    count = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as home:
        os.environ["TLVIZ_HOME"] = home
        make_runs(count)
        for words in ("the first time", "from memory"):
            begun = time.perf_counter()
            rows = overview()
            print(f"reading {len(rows):,} runs {words}: {time.perf_counter() - begun:.3f} s")
        seconds = measure_page(Path(home), count)
    shown = ", ".join(f"{value:.2f}" for value in seconds)
    print(
        f"opening the page with {count:,} runs: median {statistics.median(seconds):.2f} s, limit {LIMIT_S} s ({shown})"
    )


if __name__ == "__main__":
    main()
