"""Where a run computes, and how much memory that takes."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

import torch

from tlviz.errors import BadSettingError, TlvizError, is_out_of_memory
from tlviz.finetune.choices import DeviceChoice
from tlviz.finetune.config import FinetuneConfig

USUAL_BATCH = 32


def choose_device(choice: DeviceChoice) -> torch.device:
    """Return the device of a choice.  Raises ``BadSettingError`` where the chosen one is not there."""
    available = {
        DeviceChoice.CUDA: torch.cuda.is_available(),
        DeviceChoice.MPS: torch.backends.mps.is_available(),
        DeviceChoice.CPU: True,
    }
    if choice is DeviceChoice.AUTO:
        return torch.device(next(name for name, there in available.items() if there))
    if not available[choice]:
        raise BadSettingError(f"device is {choice}, but torch finds none on this machine; choose auto or cpu.")
    return torch.device(choice)


def prepare_torch(threads: int, *, deterministic: bool) -> None:
    """Set the thread count, and where wanted let torch replace what does not repeat itself on a GPU.

    What it has no replacement for runs all the same, and torch warns of it by name in the run's log.
    """
    torch.set_num_threads(threads)
    if deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS asks for it
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.backends.cudnn.benchmark = False
    else:
        if torch.are_deterministic_algorithms_enabled():  # a worker may execute several runs
            torch.use_deterministic_algorithms(False)  # not for nothing: it imports torch's compiler, which takes 3 s
        torch.backends.cudnn.benchmark = True


def precision(device: torch.device) -> AbstractContextManager[object]:
    """Compute in bfloat16 where that is faster: on an NVIDIA GPU."""
    return torch.autocast("cuda", torch.bfloat16) if device.type == "cuda" else nullcontext()


def pass_size(most: int, batch_size: int) -> int:
    """Return how many pictures pass at once where nothing is learnt: ``most``, in proportion fewer in small batches."""
    return max(1, most * min(batch_size, USUAL_BATCH) // USUAL_BATCH)


def next_smaller_batch(batch_size: int, accumulate: int) -> tuple[int, int]:
    """Return the largest batch of at most half the size that makes up the same updates, and how many of it do."""
    update = batch_size * accumulate
    smaller = next(size for size in range(max(1, batch_size // 2), 0, -1) if update % size == 0)
    return smaller, update // smaller


def memory_errors(config: FinetuneConfig) -> AbstractContextManager[None]:
    """Turn memory that runs out, on whatever device, into one sentence that says which batch size to try next."""
    batch = config.batch_size
    smaller, pieces = next_smaller_batch(batch, config.accumulate)
    remedy = (
        f"choose batch size {smaller} and accumulate {pieces} of them to an update, which makes the same updates"
        if batch > 1
        else "choose a smaller image size"
    )
    return _out_of_memory(f"There was not enough memory for batches of {batch}; {remedy}.")


def decoding_errors() -> AbstractContextManager[None]:
    """Turn memory that runs out while pictures are decoded into one sentence: batches have no part in it."""
    return _out_of_memory(
        "There was not enough memory to read the pictures; choose a smaller image size, or close other programs."
    )


@contextmanager
def _out_of_memory(sentence: str) -> Iterator[None]:
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise TlvizError(sentence) from error


def reset_peak_memory(device: torch.device) -> None:
    """Begin anew with ``peak_memory_mb``, as far as the system can: on a GPU and on Linux."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    elif sys.platform == "linux":
        with suppress(OSError, AttributeError):  # a C library without it, a system that forbids it
            ctypes.CDLL(None).malloc_trim(0)
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_memory_mb(device: torch.device) -> float | None:
    """Return the most memory held so far in MB: the GPU's where one is used, else this process's."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    if sys.platform == "win32":
        return None
    import resource  # not on Windows

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
