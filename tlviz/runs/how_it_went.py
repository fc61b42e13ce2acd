"""How a run went, in a sentence: a function of its epochs and of how it ended."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tlviz.finetune.choices import Monitor
from tlviz.measures.accuracy import standard_error
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import RunSummary

OVERFIT_SHARE = 0.1
OVERFIT_LEAST = 0.02
"""A validation loss that rises by less than a tenth, or by less than this, is no sign of anything."""
ROSE = 1.2
"""A training loss that ends this many times higher than after the first epoch has not been learnt from."""
FELL_ERRORS = 2.0
"""Standard errors by which an accuracy has to fall before it is said."""
_PATIENCE = 5

Epochs = Sequence[Mapping[str, Any]]


def how_it_went(summary: RunSummary) -> str:
    """Say why a run ended and what its curves show; '' while it goes on and before its first trained epoch."""
    last = summary.epochs_run
    if not summary.status.is_over or summary.best_epoch is None or last < 1:
        return ""
    settings, begun = summary.settings, summary.start_event
    images = begun.get("validation_images")
    switches = [phase["epoch"] for phase in summary.phases if _is_count(phase.get("epoch"))]
    return (
        how_it_ended(
            summary.status,
            last,
            planned=_count(settings.get("epochs"), last),
            patience=_count(settings.get("patience"), _PATIENCE),
            better=max([summary.best_epoch, *(epoch - 1 for epoch in switches)]),
        )
        + " "
        + what_curves_show(
            summary.epochs,
            summary.best_epoch,
            images=images if isinstance(images, int) and images > 0 else 1,
            by_loss=settings.get("monitor") == Monitor.LOSS,
        )
    )


def how_it_ended(status: Status, last: int, *, planned: int, patience: int, better: int) -> str:
    """Say why a run ended after epoch ``last``; ``better`` is its best epoch, or the last one of an earlier phase."""
    if status is Status.STOPPED:
        return f"Stopped after epoch {last} of {planned}, before its end."
    if status is not Status.FINISHED:
        return f"Broke off after epoch {last} of {planned}."
    if last >= planned:
        return "Ran its one epoch." if planned == 1 else f"Ran all {planned} epochs."
    waited = last - better
    if waited >= patience:
        return f"Stopped at epoch {last}: no better for {_epochs(waited)}."
    return f"Ended at epoch {last} of {planned}."


def what_curves_show(epochs: Epochs, best_epoch: int, *, images: int, by_loss: bool) -> str:
    """Say the one thing about a run's curves that a person should know first.

    ``images`` judge each epoch; ``by_loss``: the best epoch is the one of the least validation loss.
    """
    trained = [epoch for epoch in epochs if epoch["epoch"] > 0]
    if not trained:
        return "No epoch was trained."
    if rose := _training_rose(trained):
        worse = "Never better than epoch 0, before training; the" if best_epoch == 0 else "The"
        return f"{worse} training loss rose {rose}: the learning rates are too high."
    if best_epoch == 0:
        return (
            "Never better than epoch 0, before training: what was trained did not help here; try lower learning rates "
            "or other stages."
        )
    if overfit := _overfits(trained):
        return f"It over-fits {overfit}."
    accuracies = {epoch["epoch"]: float(epoch["val_accuracy"]) for epoch in epochs}
    best, last = accuracies[best_epoch], accuracies[trained[-1]["epoch"]]
    error = standard_error(min(1.0, max(0.0, best)), images)
    if best_epoch == trained[-1]["epoch"]:
        return _best_at_the_end(accuracies, best, error)
    if by_loss and last > best:
        return f"Its loss was least at epoch {best_epoch}, though accuracy rose on, to {last:.1%} at the end."
    if best - last > FELL_ERRORS * error:
        return f"It fell after epoch {best_epoch}, from {best:.1%} to {last:.1%} at the end; the best epoch is kept."
    return (
        f"It levelled off at epoch {best_epoch}: the last epoch is {_points(best - last)} below, no more than "
        f"two standard errors ({_points(FELL_ERRORS * error)})."
    )


def _training_rose(trained: Epochs) -> str:
    first, last = _number(trained[0].get("train_loss")), _number(trained[-1].get("train_loss"))
    if first is None or last is None or last <= ROSE * first:
        return ""
    return f"from {first:.2f} to {last:.2f}"


def _overfits(trained: Epochs) -> str:
    """Say since when the validation loss rises while the training loss falls, '' where it does not."""
    losses = [_number(epoch.get("val_loss")) for epoch in trained]
    if None in losses:
        return ""
    known = [loss for loss in losses if loss is not None]
    lowest = known.index(min(known))
    rise = known[-1] - known[lowest]
    before, after = _number(trained[lowest].get("train_loss")), _number(trained[-1].get("train_loss"))
    is_learning = before is not None and after is not None and after < before
    if rise < max(OVERFIT_LEAST, OVERFIT_SHARE * known[lowest]) or not is_learning:
        return ""
    return (
        f"after epoch {trained[lowest]['epoch']}: the validation loss rises from {known[lowest]:.2f} to "
        f"{known[-1]:.2f} while the training loss still falls"
    )


def _best_at_the_end(accuracies: Mapping[int, float], best: float, error: float) -> str:
    """Say of a run whose best epoch is its last how much it was still gaining."""
    last = max(accuracies)
    earlier = {epoch: value for epoch, value in accuracies.items() if epoch < last}
    reached = min((epoch for epoch, value in earlier.items() if value >= best), default=None)
    if reached is not None and best >= 1:
        return f"It has named every validation image rightly since epoch {reached}; only its loss still falls."
    if reached is not None:
        return f"Its accuracy has not risen since epoch {reached}; only its loss still falls."
    gain = best - max(earlier.values(), default=0.0)
    if gain < error:
        return f"Its last epoch is its best, by {_points(gain)}, less than one standard error ({_points(error)})."
    return "It was still improving at its last epoch: more epochs may help."


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"


def _epochs(count: int) -> str:
    return "1 epoch" if count == 1 else f"{count} epochs"


def _count(value: Any, otherwise: int) -> int:
    return value if _is_count(value) else otherwise


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and value > 0


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
