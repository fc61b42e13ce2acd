"""What a run's best weights say of each validation image, beside the weights: ``predictions.npz``."""

from __future__ import annotations

import io
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tlviz.array_files import read_arrays
from tlviz.home import write_atomic
from tlviz.runs.store.folder import TEST_FILE, RunFolder
from tlviz.runs.store.json_lines import encode
from tlviz.runs.summary import RunSummary

FILE = "predictions.npz"
VALIDATION, TEST = "validation", "test"


@dataclass(frozen=True, slots=True)
class Answers:
    """The validation images of a run by name, their labels (n,), and the logits (n, C) of one epoch's weights."""

    epoch: int
    classes: tuple[str, ...]
    names: tuple[str, ...]
    labels: NDArray[np.int64]
    logits: NDArray[np.float32]

    @property
    def guesses(self) -> NDArray[np.int64]:
        """The best guess for each image, (n,)."""
        guesses: NDArray[np.int64] = self.logits.argmax(1)
        return guesses

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the best guess is the label, (n,)."""
        right: NDArray[np.bool_] = self.guesses == self.labels
        return right


def write_answers(run: RunFolder, answers: Answers) -> None:
    """Save the answers beside the weights, replacing earlier ones.  Raises ``StorageError``."""
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        epoch=answers.epoch,
        classes=_packed(answers.classes),
        names=_packed(answers.names),
        labels=answers.labels,
        logits=answers.logits,
    )
    write_atomic(run.path / FILE, buffer.getvalue())


def read_answers(run: RunFolder, best_epoch: int | None) -> Answers | None:
    """Return the saved answers, None where there are none, they are damaged, or of another than the best epoch."""
    try:
        held = read_arrays(run.path / FILE)
        answers = Answers(
            int(held["epoch"]), _unpacked(held["classes"]), _unpacked(held["names"]), held["labels"], held["logits"]
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return answers if answers.epoch == best_epoch and _fit_together(answers) else None


def are_answered(summary: RunSummary, answers: Answers) -> bool:
    """Return whether the answers give the very accuracy that the run reports."""
    share = np.float32(answers.right.sum()) / np.float32(len(answers.labels))
    return summary.best_val_accuracy is not None and abs(float(share) - summary.best_val_accuracy) < 1e-6


def write_test(run: RunFolder, accuracy: float, images: int, epoch: int) -> None:
    """Note the one final evaluation of a run that had ended without it.  Raises ``StorageError``."""
    values = {"test_accuracy": accuracy, "images": images, "epoch": epoch, "time": time.time()}
    write_atomic(run.path / TEST_FILE, encode(values))


def _fit_together(answers: Answers) -> bool:
    count, classes = len(answers.names), len(answers.classes)
    shapes = answers.labels.shape == (count,) and answers.logits.shape == (count, classes)
    kinds = answers.labels.dtype == np.int64 and answers.logits.dtype == np.float32
    return shapes and kinds and count > 0 and bool(((answers.labels >= 0) & (answers.labels < classes)).all())


def _packed(words: tuple[str, ...]) -> NDArray[np.uint8]:
    """Return words as bytes: an array of text would take four bytes a letter, and cannot hold a name that is none."""
    return np.frombuffer("\0".join(words).encode("utf-8", "surrogateescape"), np.uint8)


def _unpacked(content: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(content.tobytes().decode("utf-8", "surrogateescape").split("\0"))
