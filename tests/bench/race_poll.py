"""What one poll of the race page costs the server at 30 runs of 50 epochs, and whether memory stays flat.

``python tests/bench/race_poll.py``: a synthetic race, one of whose runs grows by an epoch at every fifth poll.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

RUNS_OF, SEEDS, EPOCHS, POLLS = 10, 3, 50, 600


def main() -> None:
    """Write the race, poll it as the page does, and print the figures."""
    os.environ["TLVIZ_HOME"] = tempfile.mkdtemp()
    from streamlit.testing.v1 import AppTest

    from tests.unit.runs.made_races import hits, write_race
    from tlviz.finetune.strategies import STRATEGIES
    from tlviz.runs.races.race import folder_of, read_race

    names = [*STRATEGIES, "head_only"][:RUNS_OF]
    curves = [hits(30 + epoch % 40, 400) for epoch in range(EPOCHS + 1)]
    results = {(name, seed): curves for seed in range(SEEDS) for name in names}
    results |= {("full", seed): curves for seed in range(SEEDS, 30 - len(results) + SEEDS)}
    race = write_race(results, is_over=False)
    for member in read_race(race).members:
        _fatten(folder_of(race, str(member.run)))
    process = psutil.Process()
    growing = folder_of(race, str(read_race(race).members[0].run)).path / "events.jsonl"
    line = next(line for line in growing.read_bytes().split(b"\n") if b'"epoch": 50' in line)

    app = AppTest.from_function(_fragment, default_timeout=60, args=(race.name,))
    seconds, memory = [], []
    for number in range(POLLS):
        if number % 5 == 0:
            with growing.open("ab") as file:
                file.write(line.replace(b'"epoch": 50', b'"epoch": %d' % (51 + number)) + b"\n")
        app.run()
        seconds.append(app.session_state["seconds"])
        memory.append(process.memory_info().rss / 2**20)
    print(
        json.dumps(
            {
                "first_poll_ms": round(1000 * seconds[0]),
                "median_ms": round(1000 * statistics.median(seconds[1:]), 1),
                "p95_ms": round(1000 * sorted(seconds[1:])[int(0.95 * POLLS)], 1),
                "memory_mb_after_60": round(memory[60], 1),
                "memory_mb_at_end": round(memory[-1], 1),
            }
        )
    )


def _fragment(name: str) -> None:
    """Run what the page's polling fragment runs, and note what that took."""
    import time

    import streamlit as st

    from tlviz.runs.store.folder import find_run
    from tlviz.ui.race import live

    begun = time.perf_counter()
    live._race(find_run(name), was_over=True)
    st.session_state["seconds"] = time.perf_counter() - begun


def _fatten(run: object) -> None:
    """Give every epoch as many numbers as the engine tells of a network of ten stages."""
    path = run.path / "events.jsonl"  # type: ignore[attr-defined]
    stages = {f"stage_{number}": 0.123456789 * number for number in range(10)}
    extra = {"rates": stages, "gradient_norms": stages, "weight_drift": stages}
    events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    text = "".join(json.dumps(event | (extra if event["event"] == "epoch" else {})) + "\n" for event in events)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
