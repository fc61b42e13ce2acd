"""What the pages that look inside a network cost: ``python tests/bench/look_timings.py [timings|memory]``.

Server time of a run of the page, as AppTest sees it, and the memory of this process over 200 changes of picture and
layer.
"""

from __future__ import annotations

import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

NETWORKS = ("squeezenet1_1", "tf_efficientnet_lite0")
ROUNDS = 7
CHANGES = 200
WARM_UP, SPAN = 40, 20
LIMITS = {"new picture": 1.0, "stage": 0.3, "order": 0.3, "colour scale": 0.3, "attribution from memory": 0.3}
MOST_GROWTH = 0.05


class Memory(NamedTuple):
    """Megabytes."""

    resident: float
    own: float


def open_page(page: str, **address: str) -> AppTest:
    """Open a page by a link."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page(f"pages/{page}.py")
    for name, value in address.items():
        app.query_params[name] = value
    return checked(app.run())


def checked(app: AppTest) -> AppTest:
    """Return a page that ran without a mistake."""
    assert not app.exception, app.exception
    assert not app.error, app.error
    return app


def seconds(change: Callable[[], AppTest]) -> float:
    """Return how long a change of the page takes."""
    begun = time.perf_counter()
    checked(change())
    return time.perf_counter() - begun


def time_looks(model: str) -> dict[str, list[float]]:
    """Change picture, stage, order and colour scale of the feature maps page and note the seconds."""
    app = open_page("feature_maps", source=model)
    pictures, stages = app.selectbox(key="picture").options, app.select_slider(key="stage").options
    found: dict[str, list[float]] = {name: [] for name in LIMITS}
    for at in range(ROUNDS):
        app.select_slider(key="stage").set_value(stages[0]).run()
        found["new picture"].append(seconds(lambda at=at: app.selectbox(key="picture").select(pictures[3 * at]).run()))
        orders = app.selectbox(key="order")
        found["order"].append(seconds(lambda at=at, o=orders: o.select(("most varied", "strongest")[at % 2]).run()))
        scale = app.button_group(key="shared")
        found["colour scale"].append(seconds(lambda at=at, s=scale: s.set_value(("shared", "own")[at % 2]).run()))
        stage = stages[1 + at % (len(stages) - 1)]
        found["stage"].append(seconds(lambda s=stage: app.select_slider(key="stage").set_value(s).run()))
    return found


def time_attributions(model: str) -> list[float]:
    """Change the class of an attribution there and back and note the seconds of what is known."""
    app = open_page("attributions", source=model)
    app.selectbox(key="class").select("100").run()
    return [
        seconds(lambda at=at: app.selectbox(key="class").select(("best guess", "100")[at % 2]).run())
        for at in range(ROUNDS)
    ]


def measure_memory(model: str) -> tuple[Memory, Memory]:
    """Return this process's memory once its bounded caches are full, and after 200 more changes of picture and layer.

    What a change needs for a moment comes and goes, so each is a median over the readings of some changes.
    """
    app = open_page("feature_maps", source=model)
    pictures, stages = app.selectbox(key="picture").options, app.select_slider(key="stage").options[1:]
    readings = []
    for at in range(WARM_UP + SPAN + CHANGES):
        app.selectbox(key="picture").select(pictures[at % len(pictures)])
        app.select_slider(key="stage").set_value(stages[at % len(stages)]).run()
        layers = checked(app).selectbox(key="layer")
        layers.select(layers.options[at % len(layers.options)]).run()
        checked(app)
        readings.append(megabytes())
    return _middle(readings[WARM_UP : WARM_UP + SPAN]), _middle(readings[-SPAN:])


def _middle(readings: Sequence[Memory]) -> Memory:
    return Memory(*map(statistics.median, zip(*readings, strict=True)))


def megabytes() -> Memory:
    """Return the resident memory of this process, and what of it is its own.

    The decoded target is a memory map: the system counts each picture that was looked at, and takes them back at need.
    """
    gc.collect()
    memory = psutil.Process().memory_info()
    return Memory(memory.rss / 1e6, (memory.rss - getattr(memory, "shared", 0)) / 1e6)


def remember_the_page_table() -> None:
    """A server remembers that ``app.py`` has a page table; AppTest forgets it each time."""
    original = PagesManager.__init__

    def init(self: PagesManager, *arguments: Any, **options: Any) -> None:
        original(self, *arguments, **options)
        PagesManager.uses_pages_directory = False

    PagesManager.__init__ = init  # type: ignore[method-assign]


def main(wanted: str) -> None:
    """Print every figure beside its limit."""
    remember_the_page_table()
    with tempfile.TemporaryDirectory() as home:
        os.environ["TLVIZ_HOME"] = home
        for model in NETWORKS:
            if wanted in ("", "timings"):
                found = time_looks(model) | {"attribution from memory": time_attributions(model)}
                for name, values in found.items():
                    print(
                        f"{model}, {name}: median {statistics.median(values):.3f} s, worst {max(values):.3f} s, "
                        f"limit {LIMITS[name]} s"
                    )
            if wanted in ("", "memory"):
                before, after = measure_memory(model)
                for name, first, last in zip(Memory._fields, before, after, strict=True):
                    print(
                        f"{model}, {name} memory: {first:.0f} MB, after {CHANGES} changes {last:.0f} MB, "
                        f"{last / first - 1:+.1%}, limit {MOST_GROWTH:+.0%}"
                    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
