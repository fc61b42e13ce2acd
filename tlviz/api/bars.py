"""Progress in terminals and notebooks: one bar for work of this process, one for that of a worker."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tlviz.api.waiting import wait_for
from tlviz.runs.store.folder import RunFolder

Told = Callable[[int, int], None]
"""Takes what is done, and of how much."""
_AFTER_S, _EVERY_S = 0.5, 1.0
"""What takes less long shows no bar; one is drawn anew this often."""


@contextmanager
def counting(what: str, progress: bool) -> Iterator[Told]:
    """Give a function to tell it how much is done; ``progress`` False shows nothing."""
    with _bar(what, progress) as bar:

        def tell(done: int, total: int) -> None:
            bar.total = max(1, total)
            bar.update(done - bar.n)

        yield tell
        bar.update((bar.total or 0) - bar.n)


def watch(run: RunFolder, what: str, progress: bool, doing: Callable[[], str] | None = None) -> None:
    """Wait for a run's worker to end, showing how far it is; an interruption asks it to stop and goes on waiting.

    ``doing`` says what stands behind the bar, by default what the worker says of itself.
    """
    with _bar(what, progress, total=100) as bar:
        drawn = 0.0

        def look() -> None:
            nonlocal drawn
            beat = run.present_beat()
            fraction = 1.0 if run.status().is_over else beat.fraction if beat else 0.0
            bar.update(max(0.0, round(100 * fraction) - bar.n))
            words = doing() if doing else beat.doing if beat else "starting"
            bar.set_postfix_str(words, refresh=False)
            if time.monotonic() - drawn > _EVERY_S:  # each drawing is kept where the output is a file or a notebook
                drawn = time.monotonic()
                bar.refresh()

        wait_for(run, look, lambda: bar.set_description(f"{what}: stopping"))


def _bar(what: str, progress: bool, total: int = 1) -> Any:
    """Return a bar of the kind that suits where this runs: a widget where a notebook has them, else a line of text."""
    from tqdm import TqdmExperimentalWarning, TqdmWarning

    with warnings.catch_warnings():  # a notebook without widgets gets the line of text, which needs no warning
        warnings.simplefilter("ignore", TqdmWarning)
        warnings.simplefilter("ignore", TqdmExperimentalWarning)
        from tqdm.auto import tqdm

    look = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}{postfix}"
    return tqdm(total=total, desc=what, disable=not progress, delay=_AFTER_S, mininterval=_EVERY_S / 2, bar_format=look)
