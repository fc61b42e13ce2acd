"""A run's last epoch as bytes, and back: what a new process needs to go on as if nothing had happened.

No random state is among it: every epoch draws from a seed of its own.
"""

from __future__ import annotations

import io
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
        state.epoch, state.shares = saved["epoch"], saved["shares"]
        state.best = Epoch(**saved["best"])
        _copy(saved["weights"], state.moving)
        state.freeze(state.phase_of(state.epoch))
        state.build_optimizer()
        state.optimizer.load_state_dict(saved["optimizer"])
        if state.averaged:
            state.averaged.restore(saved["averaged"], saved["averaged_steps"])
        return float(saved["elapsed_s"])
    except (RuntimeError, ValueError, KeyError, TypeError, EOFError, pickle.UnpicklingError) as error:
        if is_out_of_memory(error):
            raise
        raise BadWeightsError(f"The run's last state cannot be read ({error}); start the run anew.") from error


@torch.no_grad()
def _copy(saved: Mapping[str, Tensor], to: Mapping[str, Tensor]) -> None:
    if saved.keys() != to.keys():
        raise ValueError("it holds other tensors than this run trains")
    for name, tensor in to.items():
        tensor.copy_(saved[name])
