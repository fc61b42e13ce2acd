"""The program that asks a bundle for its answers: a process of its own in which tlviz cannot be imported.

``python -I runner.py REQUEST`` reads a JSON object (``Request`` below says its keys), imports the bundle's own
``predict.py`` or ``predict_onnx.py`` and lets it open every picture and answer with every file.  Only packages that the
bundle names, and what those need, can be imported.  Progress goes to standard output, a JSON list a line; results into
the folder ``out``: ``results.json``, and an array of logits a file.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import re
import statistics
import sys
import time
import zlib
from collections.abc import Callable, Container, Iterable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import IO, Any, TypedDict

PACKAGE = "tlviz"
TOGETHER = 32
"""Pictures that go through a network at once, as ``tlviz predict`` does it: other batches give other last digits."""
REPEATS, LONGEST_S = 15, 2.0
"""A latency is the median of this many calls, or of as many as take this long together."""


class Request(TypedDict):
    """What is asked: ``files`` are weights or graphs below ``bundle``, ``allowed`` the distributions it may use."""

    bundle: str
    module: str
    files: list[str]
    pictures: list[str]
    allowed: list[str]
    threads: int
    batches: list[int]
    out: str


class Guarded:
    """A finder of modules that does not find those of some packages, as if they were not installed."""

    def __init__(self, finder: Any, closed: Container[str]) -> None:
        self._finder = finder
        self._closed = closed

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Find a module as the guarded finder does, None for a closed one."""
        if name.partition(".")[0] in self._closed:
            return None
        found: ModuleSpec | None = self._finder.find_spec(name, path, target)
        return found

    def __getattr__(self, name: str) -> Any:
        """Leave everything else to the guarded finder."""
        return getattr(self._finder, name)


def close(allowed: Iterable[str]) -> None:
    """Keep every package out that is not among some distributions and what they need, whatever is installed here."""
    kept = needed(allowed)
    owners = importlib.metadata.packages_distributions()
    closed = {module for module, names in owners.items() if not kept & {plain_name(name) for name in names}}
    closed.add(PACKAGE)
    sys.meta_path[:] = [Guarded(finder, closed) for finder in sys.meta_path]


def needed(names: Iterable[str]) -> set[str]:
    """Return the plain names of some distributions and of all that they need, those of extras left out."""
    found: set[str] = set()
    left = [plain_name(name) for name in names]
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        try:
            wants = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        left += [plain_name(want) for want in wants if "extra ==" not in want]
    return found


def plain_name(requirement: str) -> str:
    """Return the distribution's name of a line of ``requirements.txt``, as the package index compares names."""
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement.strip())
    return re.sub(r"[-_.]+", "-", match.group().lower()) if match else ""


def main(file: str) -> int:
    """Answer a request and return the exit status."""
    request: Request = json.loads(Path(file).read_text(encoding="utf-8"))
    say = _teller()
    sys.dont_write_bytecode = True  # nothing is left in the bundle
    threads = str(request["threads"])
    os.environ |= {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
    close(request["allowed"])
    sys.path.insert(0, request["bundle"])
    say("starting", 0, 1)
    try:
        module = _imported(Path(request["bundle"]) / f"{request['module']}.py")
    except Exception as error:  # noqa: BLE001 (whatever the bundle raises is the result of its check)
        return _end(request, {"error": _words(error)})
    _bound_onnxruntime(request["threads"])
    squares, unread = _read_all(module, request, say)
    digests = [zlib.crc32(square.tobytes()) for square in squares] if squares is not None else []
    answers = [_answer(module, request, at, squares, unread, say) for at in range(len(request["files"]))]
    labels = getattr(module, "LABELS", None)
    told = {"error": None, "unread": unread, "digests": digests, "files": answers}
    return _end(request, told | {"labels": None if labels is None else list(map(str, labels))})


Say = Callable[[str, int, int], None]


def _teller() -> Say:
    """Return what tells how far it is, on a channel that no library prints to."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(doing: str, done: int, total: int) -> None:
        _line(channel, [doing, done, total])

    return say


def _line(channel: IO[str], content: list[Any]) -> None:
    channel.write(json.dumps(content) + "\n")
    channel.flush()


def _end(request: Request, results: dict[str, Any]) -> int:
    (Path(request["out"]) / "results.json").write_text(json.dumps(results), encoding="utf-8")
    return 0


def _imported(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None  # noqa: S101 (it is for every file that ends with .py)
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _bound_onnxruntime(threads: int) -> None:
    """Give sessions that ask for no number of threads this many: by itself ONNX Runtime takes every core it sees."""
    runtime: Any = sys.modules.get("onnxruntime")
    if runtime is None:
        return
    whole = runtime.InferenceSession

    class Bounded(whole):  # type: ignore[misc, valid-type]
        def __init__(self, model: Any, sess_options: Any = None, *rest: Any, **named: Any) -> None:
            options = sess_options or runtime.SessionOptions()
            if not options.intra_op_num_threads:
                options.intra_op_num_threads = threads
            super().__init__(model, options, *rest, **named)

    runtime.InferenceSession = Bounded


def _read_all(module: ModuleType, request: Request, say: Say) -> tuple[Any, dict[int, str]]:
    """Return every picture or text as the bundle reads it, (N, …) on disk, and why some could not be read."""
    import numpy as np

    paths, squares, unread = request["pictures"], None, dict[int, str]()

    reader = getattr(module, "read_picture", None) or module.read_text

    def read(at: int) -> Any:
        try:
            return np.asarray(reader(Path(paths[at])))
        except Exception as error:  # noqa: BLE001 (a picture that it cannot read is a result)
            return _words(error)

    for at in range(len(paths)):
        found = read(at)
        if isinstance(found, str):
            unread[at] = found
        else:
            if squares is None:
                file = Path(request["out"]) / "squares.npy"
                shape = (len(paths), *np.shape(found))
                squares = np.lib.format.open_memmap(file, mode="w+", dtype=found.dtype, shape=shape)
            squares[at] = found
        if (at + 1) % TOGETHER == 0 or at + 1 == len(paths):
            say("reading", at + 1, len(paths))
    return squares, unread


def _answer(
    module: ModuleType, request: Request, number: int, squares: Any, unread: dict[int, str], say: Say
) -> dict[str, Any]:
    """Ask one file about all pictures; return its latencies, or its error."""
    import numpy as np

    name = request["files"][number]
    readable = [at for at in range(len(request["pictures"])) if at not in unread]
    if not readable:
        return {"file": name, "error": "none of what it is asked about could be read"}
    try:
        model = module.load(Path(request["bundle"]) / name)
        parts = []
        for start in range(0, len(readable), TOGETHER):
            batch = readable[start : start + TOGETHER]
            parts.append(_logits(module, model, squares[batch]))
            say(name, start + len(batch), len(readable))
        np.save(Path(request["out"]) / f"{number}.npy", np.concatenate(parts))
        latency = _latencies(module, model, squares[readable[:TOGETHER]], request["batches"])
    except Exception as error:  # noqa: BLE001 (whatever a file raises is the result of its check)
        return {"file": name, "error": _words(error)}
    return {"file": name, "error": None, "rows": readable, "latency_ms": latency}


def _logits(module: ModuleType, model: Any, squares: Any) -> Any:
    import numpy as np

    found = np.asarray(module.logits(model, squares), dtype=np.float32)
    if found.ndim != 2 or len(found) != len(squares):
        raise ValueError(f"{len(squares)} inputs give logits of the shape {found.shape}")
    return found


def _latencies(module: ModuleType, model: Any, squares: Any, batches: Sequence[int]) -> dict[str, float]:
    """Return the median milliseconds of a call for each size of batch."""
    import numpy as np

    found = {}
    for size in batches:
        batch = np.ascontiguousarray(squares[np.arange(size) % len(squares)])
        module.logits(model, batch)
        times: list[float] = []
        while len(times) < REPEATS and sum(times) < LONGEST_S:
            begun = time.perf_counter()
            module.logits(model, batch)
            times.append(time.perf_counter() - begun)
        found[str(size)] = round(statistics.median(times) * 1000, 3)
    return found


def _words(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
