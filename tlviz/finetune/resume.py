"""A run's last epoch as bytes, and back: what a new process needs to go on as if nothing had happened.

No random state is among it: every epoch draws from a seed of its own.
"""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from tlviz.errors import BadWeightsError, is_out_of_memory
from tlviz.finetune.events import Epoch
from tlviz.finetune.state import State

FORMAT = 1
_DAMAGES = (
    RuntimeError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    OverflowError,
    RecursionError,
    pickle.UnpicklingError,
)


def checkpoint(state: State, elapsed_s: float) -> bytes:
    """Return a state at the end of an epoch as a file that ``torch.load(weights_only=True)`` reads.

    ``elapsed_s`` is how long the run has taken so far.  Tensors that do not change from beginning to end are left out:
    they are the pretrained ones, or are drawn from the seed.
    """
    content: dict[str, Any] = {
        "format": FORMAT,
        "epoch": state.epoch,
        "elapsed_s": elapsed_s,
        "best": asdict(state.best) if state.best else None,
        "shares": state.shares,
        "weights": state.moving,
        "optimizer": state.optimizer.state_dict(),
    }
    if state.averaged:
        content |= {"averaged": state.averaged.average, "averaged_steps": state.averaged.steps}
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def restore(state: State, content: bytes) -> float:
    """Bring a new state of the same run to the end of the epoch that ``checkpoint`` was made at; return its time in s.

    Raises ``BadWeightsError`` where the bytes are not those of such a checkpoint.
    """
    try:
        saved = torch.load(io.BytesIO(content), map_location=state.session.device, weights_only=True)
        if saved["format"] != FORMAT:
            raise BadWeightsError(
                f"The run was stopped under another version of tlviz (format {saved['format']}); start it anew."
            )
        _check(saved, state)
        state.epoch, state.shares = saved["epoch"], list(saved["shares"])
        state.best = Epoch(**saved["best"])
        _copy(saved["weights"], state.moving)
        state.freeze(state.phase_of(state.epoch))
        state.build_optimizer()
        state.optimizer.load_state_dict(saved["optimizer"])
        if state.averaged:
            state.averaged.restore(saved["averaged"], saved["averaged_steps"])
        return float(saved["elapsed_s"])
    except _DAMAGES as error:
        if is_out_of_memory(error):
            raise
        raise BadWeightsError(f"The run's last state cannot be read ({error}); start the run anew.") from error


def _check(saved: Mapping[str, Any], state: State) -> None:
    """Raise ``ValueError`` unless epochs, shares and time are ones that this run can have."""
    epoch, best, shares = saved["epoch"], saved["best"], saved["shares"]
    last = state.session.config.epochs
    if not (_is_whole(epoch) and 0 <= epoch <= last):
        raise ValueError(f"its epoch is {epoch!r:.20}, of a run of {last}")
    if not (isinstance(best, dict) and _is_whole(best.get("epoch")) and 0 <= best["epoch"] <= epoch):
        raise ValueError("its best epoch is not one of those before")
    for name in ("val_loss", "val_accuracy", "duration_s"):
        if not isinstance(best.get(name), int | float):
            raise TypeError(f"its best epoch has no {name}")
    if len(shares) != len(state.shares) or not all(isinstance(share, int | float) for share in shares):
        raise ValueError("its rates are of another network")
    if not math.isfinite(saved["elapsed_s"]) or saved["elapsed_s"] < 0:
        raise ValueError("its time is none")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@torch.no_grad()
def _copy(saved: Mapping[str, Tensor], to: Mapping[str, Tensor]) -> None:
    if saved.keys() != to.keys():
        raise ValueError("it holds other tensors than this run trains")
    for name, tensor in to.items():
        tensor.copy_(saved[name])
