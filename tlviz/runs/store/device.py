"""What this machine can train on, found without importing torch."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tlviz.cores import usable_cores
from tlviz.errors import BadSettingError
from tlviz.home import home, make_folder


@cache
def device_name() -> str:
    """Return what training will use by default, as a person would call it: a GPU's name, or the number of cores."""
    return _nvidia_name() or ("Apple GPU" if _is_apple_silicon() else f"{usable_cores()} CPU cores")


@cache
def faster_words() -> str:
    """Say what would train faster on this machine, and how to have it."""
    if _nvidia_name():
        if _torch_is_for_cpus():
            return (
                "This machine has an NVIDIA GPU, but its torch is built for CPUs only: install one with CUDA "
                "(pytorch.org says how), and training is many times faster."
            )
        return "Training and measuring use the GPU; a smaller network or smaller pictures are faster still."
    if _is_apple_silicon():
        return "Training and measuring use Apple's GPU; a smaller network or smaller pictures are faster still."
    cores, threads = usable_cores(), os.environ.get("OMP_NUM_THREADS", "")
    if threads.isdecimal() and int(threads) < cores:
        return f"OMP_NUM_THREADS is {threads}, but {cores} cores are free to use: start the app without it."
    words = "No GPU shows. An NVIDIA GPU with torch built for CUDA trains many times faster."
    machine = os.cpu_count() or cores  # noqa: TID251 (what the machine has, beside what it grants)
    if cores < machine:
        words += f" This machine has {machine} cores and grants {cores}: grant it more (docker run --cpus, taskset)."
    return f"{words} Here a strategy that freezes more, or a smaller network, is the quickest way."


@cache
def _torch_is_for_cpus() -> bool:
    """Return whether the installed torch can use no NVIDIA GPU, by its version alone: importing it takes seconds."""
    try:
        return version("torch").endswith("+cpu")
    except PackageNotFoundError:
        return False


NETWORK = "network"
"""The device of a job that only waits for downloads."""
FILES = "files"
"""The device of a job that imports or reads images: it takes turns with its kind only, not with training."""


def lane(device: str) -> str:
    """Return the queue of a device choice: runs of one lane take turns."""
    if device in {NETWORK, FILES}:
        return device
    has_gpu = _nvidia_name() is not None or _is_apple_silicon()
    return "gpu" if has_gpu and device != "cpu" else "cpu"


def lock_path(device: str) -> Path:
    """Return the file whose lock the run holds that uses a device of this machine.  Raises ``StorageError``."""
    return make_folder(home() / "locks") / f"{socket.gethostname()}-{lane(device)}.lock"


def tickets_folder(device: str) -> Path:
    """Return the folder of the tickets of the runs that wait for a device.  Raises ``StorageError``."""
    return make_folder(lock_path(device).with_suffix(".tickets"))


@cache
def _nvidia_name() -> str | None:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    query = [tool, "--query-gpu=name", "--format=csv,noheader"]
    try:
        told = subprocess.run(query, capture_output=True, text=True, check=True, timeout=5).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return told.partition("\n")[0].strip() or None


def _is_apple_silicon() -> bool:
    return sys.platform == "darwin" and os.uname().machine == "arm64"


def check_device(device: str) -> None:
    """Raise ``BadSettingError`` where a GPU is asked for and none shows, before a run is made."""
    if device in {"cuda", "mps"} and lane(device) == "cpu" and not _torch_finds(device):
        raise BadSettingError(f"device is {device}, but this machine shows no such GPU; choose auto or cpu.")


def _torch_finds(device: str) -> bool:
    """Return whether torch, where it is loaded anyway, finds a GPU that the driver's own tool does not show."""
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    return bool(torch.cuda.is_available() if device == "cuda" else torch.backends.mps.is_available())
