"""Starting the runner, hearing how far it is, ending it, and reading what it found."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from tlviz.cores import usable_cores
from tlviz.export.checking.runner import Request, plain_name
from tlviz.home import make_folder, storage_errors

RUNNER = Path(__file__).with_name("runner.py")
BATCHES = (1, 32)
"""Latencies are measured for one picture and for this many at once."""
ALLOWED = {"predict_onnx": {"onnxruntime", "numpy", "pillow", "pi-heif", "tokenizers"}}
"""What a program of the bundle may import at most where that is less than all that ``requirements.txt`` names."""
_LOOK_S = 0.2
_ENDS_WITHIN_S = 5.0

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class FileAnswers:
    """What one file of a bundle answered: logits (m, C) of the pictures ``rows`` (m), or why it did not."""

    error: str | None
    rows: NDArray[np.int64]
    logits: NDArray[np.float32]
    latency_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class BundleAnswers:
    """What a bundle's program answered: ``error`` where it did not even start, ``unread`` pictures by their place.

    ``digests`` (N) are checksums of the squares that it made of the pictures; ``labels`` what it calls the classes.
    """

    error: str | None
    unread: Mapping[int, str]
    digests: NDArray[np.uint32]
    files: Mapping[str, FileAnswers]
    labels: Sequence[str] | None = None


def ask_bundle(
    bundle: Path, module: str, files: Sequence[str], pictures: Sequence[Path], scratch: Path, progress: Progress
) -> BundleAnswers:
    """Let the program ``module`` of a bundle name pictures with some of its files, in a process of its own.

    ``progress`` hears how far it is and may raise, which ends the process.  Raises ``StorageError``.
    """
    out = make_folder(scratch / module)
    request: Request = {
        "bundle": str(bundle),
        "module": module,
        "files": list(files),
        "pictures": [str(path) for path in pictures],
        "allowed": _allowed(bundle, module),
        "threads": usable_cores(),
        "batches": list(BATCHES),
        "out": str(out),
    }
    with storage_errors(out):
        (out / "request.json").write_text(json.dumps(request), encoding="utf-8")
        log = (out / "log.txt").open("w+b")
    with log:
        status = _run(out, log, progress)
        if status == 0 and (out / "results.json").is_file():
            return _read(out)
        log.seek(0)
        last = log.read().decode(errors="replace").strip().splitlines()[-1:]
    words = f"its process ended with status {status}: {last[0][:300] if last else 'it said nothing'}"
    return BundleAnswers(words, {}, np.empty(0, np.uint32), {})


def _allowed(bundle: Path, module: str) -> list[str]:
    lines = (bundle / "requirements.txt").read_text(encoding="utf-8").splitlines()
    named = [name for line in lines if not line.lstrip().startswith(("#", "-")) and (name := plain_name(line))]
    return [name for name in named if name in ALLOWED.get(module, named)]


def _run(out: Path, log: IO[bytes], progress: Progress) -> int:
    """Run the runner to its end; whatever is raised here meanwhile ends it."""
    # -I: neither this package's folder nor the person's own is searched, and PYTHONPATH is not heeded.
    command = [sys.executable, "-I", "-X", "utf8", str(RUNNER), str(out / "request.json")]
    process = subprocess.Popen(  # noqa: S603 (this program's own file)
        command, cwd=out, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=_environment()
    )
    assert process.stdout is not None  # noqa: S101
    lines: queue.Queue[bytes | None] = queue.Queue()
    reader = threading.Thread(target=_hear, args=(process.stdout, lines), daemon=True)
    reader.start()
    told: tuple[str, int, int] = ("starting", 0, 1)
    try:
        while True:
            try:
                line = lines.get(timeout=_LOOK_S)
            except queue.Empty:
                progress(*told)  # it may be asked to stop while the runner is silent
                continue
            if line is None:
                return process.wait()
            told = _told(line) or told
            progress(*told)
    finally:
        _end(process)
        reader.join()


def _hear(stream: IO[bytes], lines: queue.Queue[bytes | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _told(line: bytes) -> tuple[str, int, int] | None:
    try:
        doing, done, total = json.loads(line)
    except ValueError:  # its last line, cut off where it was ended
        return None
    return str(doing), int(done), int(total)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment() -> dict[str, str]:
    """Return the environment without what is meant for this program; threads are counted by the cores."""
    threads = str(usable_cores())
    counted = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
    left = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TLVIZ"))}
    return left | counted


def _read(out: Path) -> BundleAnswers:
    results: dict[str, Any] = json.loads((out / "results.json").read_text(encoding="utf-8"))
    if results["error"]:
        return BundleAnswers(results["error"], {}, np.empty(0, np.uint32), {})
    files = {found["file"]: _file(out / f"{at}.npy", found) for at, found in enumerate(results["files"])}
    unread = {int(at): str(why) for at, why in results["unread"].items()}
    return BundleAnswers(None, unread, np.array(results["digests"], np.uint32), files, results["labels"])


def _file(path: Path, found: Mapping[str, Any]) -> FileAnswers:
    if found["error"]:
        return FileAnswers(found["error"], np.empty(0, np.int64), np.empty((0, 0), np.float32), {})
    logits = np.load(path, allow_pickle=False)
    return FileAnswers(None, np.array(found["rows"], np.int64), logits, found["latency_ms"])
