"""Which weights of a run are meant: those of the best epoch, or those it ended with.  Imports no torch by itself."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

from tlviz.errors import BadSettingError, BadWeightsError
from tlviz.models.imported import read_metadata
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.summary import summarise


class Weights(StrEnum):
    """The weights of a run; where it averages them (EMA), both are the averaged ones, as only those are validated."""

    BEST = "best"
    LAST = "last"


def weights_of(run: RunFolder, which: Weights) -> bytes:
    """Return weights of a run as a safetensors file with its header.

    Raises ``BadWeightsError`` where the run has saved none of these.
    """
    if not run.weights.exists():
        raise BadWeightsError(f"The run {run.name} has saved no weights, so there is nothing to export.")
    if which is Weights.BEST:
        return run.weights.read_bytes()
    best, last = _best_epoch(run), summarise(run).epochs_run
    if best == last:
        return run.weights.read_bytes()
    if run.last_weights.exists():
        return run.last_weights.read_bytes()
    if run.last_state.exists():
        return _from_state(run)
    raise BadWeightsError(
        f"The run {run.name} kept only its best weights, of epoch {best}, not those of its last, {last}; export the "
        "best, or train it again."
    )


def has_last(run: RunFolder) -> bool:
    """Return whether a run has other weights than the best ones to offer."""
    if not run.weights.exists() or not (run.last_weights.exists() or run.last_state.exists()):
        return False
    return _best_epoch(run) != summarise(run).epochs_run


def _best_epoch(run: RunFolder) -> int | None:
    """Return the epoch of the best weights, None where their header does not say it."""
    try:
        epoch = json.loads(read_metadata(run.weights)["training"]).get("epoch")
    except (KeyError, ValueError, AttributeError):
        return None
    return epoch if isinstance(epoch, int) else None


def parse_weights(name: str) -> Weights:
    """Read which weights are meant.  Raises ``BadSettingError``."""
    try:
        return Weights(name)
    except ValueError:
        raise BadSettingError(f"weights is '{name}'; it must be best or last.") from None


def _from_state(run: RunFolder) -> bytes:
    """Put the tensors of the last epoch's state, all that training changes, into the file of the best weights."""
    import torch
    from safetensors import safe_open
    from safetensors.torch import load_file, save

    from tlviz.models.stored import damage

    with damage(run.last_state):
        saved: dict[str, Any] = torch.load(run.last_state, map_location="cpu", weights_only=True)
        moved: dict[str, Any] = saved.get("averaged") or saved["weights"]
        epoch = int(saved["epoch"])
    with damage(run.weights):
        tensors = load_file(run.weights)
        with safe_open(run.weights, "pt") as file:
            header = file.metadata()
        training = json.loads(header["training"])
    if not moved.keys() <= tensors.keys():
        raise BadWeightsError(
            f"The run {run.name} trains adapters, and its last state is not merged; resume it to its end, or export "
            "the best weights."
        )
    told = {one["epoch"]: one["val_accuracy"] for one in summarise(run).epochs}
    training |= {"epoch": epoch, "val_accuracy": told.get(epoch)}
    merged = tensors | {name: tensor.contiguous() for name, tensor in moved.items()}
    return save(merged, metadata=header | {"training": json.dumps(training)})
