"""Downloading weights into their library's own cache: followed, stoppable, checked, and never half a file."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from filelock import FileLock, Timeout

from tlviz.errors import BadWeightsError, TlvizError
from tlviz.home import home, make_folder, storage_errors
from tlviz.models.local_weights import (
    HUB_FILES,
    file_name,
    find_weights,
    hub,
    hub_folder,
    repository_folder,
    torch_folder,
)
from tlviz.models.spec import ModelSpec
from tlviz.models.table import BUNDLED, ENCODERS
from tlviz.models.texts.folder import CONFIG
from tlviz.models.texts.hub import FILES, MISSING, check_before, wanted

Progress = Callable[[int, int], None]
"""Called with the bytes that have come and all there are, 0 where the server does not say."""

CHUNK = 2**18
TIMEOUT_S = 30.0
LOCK_POLL_S = 0.3
STALE_S = 3600.0
"""What another program left unfinished in the hub's cache is deleted after this long."""
_DIGEST = re.compile(r"-([0-9a-f]{8,64})\.")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class DownloadStopped(TlvizError):  # noqa: N818 (a wish, not an error)
    """The person stopped a download; nothing of it is kept."""


def download_weights(
    spec: ModelSpec, progress: Progress | None = None, should_stop: Callable[[], bool] | None = None
) -> Path:
    """Download a network's weights unless they are there, and return their file.

    Raises ``BadWeightsError`` where the network or the file cannot be reached or what came is not what it should be,
    ``StorageError`` where the disk refuses, ``DownloadStopped``.
    """
    watch = _Watch(spec, progress, should_stop)
    with _only_one(watch):
        found = find_weights(spec)
        if found is not None:
            return found
        return _fetch(watch) if spec.url else _fetch_from_hub(watch)


def download_encoder(
    name: str, progress: Progress | None = None, should_stop: Callable[[], bool] | None = None
) -> Path:
    """Download a text encoder of the hub by owner/name into the hub's cache, and return its weights.

    What cannot be used is refused before its weights are fetched.  Raises as ``download_weights``.
    """
    watch = _Watch(wanted(name, next(iter(ENCODERS.values()))), progress, should_stop)
    path = Path()
    with _only_one(watch):
        for file, is_needed in FILES:
            watch.done = watch.total = 0
            found = _fetch_file(watch, file)
            if found is None and is_needed:
                raise BadWeightsError(f"{name} {MISSING[file]}.")
            if file == CONFIG and found is not None:
                check_before(found, name)
            path = found or path
    return path


class _Watch:
    """One download as it goes: counts bytes, reports them, and stops when asked."""

    def __init__(self, spec: ModelSpec, progress: Progress | None, should_stop: Callable[[], bool] | None) -> None:
        self.spec = spec
        self.done = self.total = 0
        self._progress = progress
        self._should_stop = should_stop

    def check(self) -> None:
        if self._should_stop and self._should_stop():
            raise DownloadStopped(f"The download of {self.spec.name} was stopped; nothing was kept.")

    def advance(self, count: int) -> None:
        self.check()
        self.done += count
        if self._progress:
            self._progress(self.done, self.total)


class _only_one:  # noqa: N801 (a context manager)
    """Hold the right to download a file; a second download of it waits, and then finds it there."""

    def __init__(self, watch: _Watch) -> None:
        name = file_name(watch.spec) or repository_folder(watch.spec)
        self._watch = watch
        self._lock = FileLock(make_folder(home() / "locks") / f"download-{name}.lock")

    def __enter__(self) -> Self:
        while True:
            self._watch.check()
            try:
                self._lock.acquire(timeout=LOCK_POLL_S)
                return self
            except Timeout:
                continue

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _fetch(watch: _Watch) -> Path:
    """Download from an address into torch's cache; what an interrupted download left is replaced."""
    target = make_folder(torch_folder()) / file_name(watch.spec)
    partial = target.with_name(f"{target.name}.tlviz-partial")
    try:
        digest = _receive(watch, partial)
        expected = _DIGEST.search(target.name)
        if expected and not digest.startswith(expected[1]):
            raise _wrong_checksum(watch.spec, digest, expected[1])
        with storage_errors(target):
            partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _receive(watch: _Watch, partial: Path) -> str:
    """Write what the server sends into a file and return its SHA-256; all of it must come."""
    url = watch.spec.url
    digest = hashlib.sha256()
    try:
        request = Request(url, headers={"User-Agent": "tlviz"})  # noqa: S310 (an address of the table)
        with urlopen(request, timeout=TIMEOUT_S) as answer, _writing(partial) as file:  # noqa: S310
            watch.total = int(answer.headers.get("Content-Length") or 0)
            while block := answer.read(CHUNK):
                with storage_errors(partial):
                    file.write(block)
                digest.update(block)
                watch.advance(len(block))
    except HTTPError as error:
        raise _refused(watch.spec, error.code) from error
    except (URLError, HTTPException, OSError) as error:
        raise _broken_off(watch) if watch.done else _unreachable(watch.spec, url) from error
    if watch.total and watch.done != watch.total:
        raise _broken_off(watch)
    return digest.hexdigest()


def _writing(path: Path) -> Any:
    with storage_errors(path):
        return path.open("wb")


def _fetch_from_hub(watch: _Watch) -> Path:
    """Download with the hub's own library into its cache, safetensors where the repository has it."""
    _sweep(watch.spec)
    for name in HUB_FILES:
        path = _fetch_file(watch, name)
        if path is not None:
            return path
    raise _refused(watch.spec, 404)


def _fetch_file(watch: _Watch, name: str) -> Path | None:
    """Download one file of a repository and check it; None where the repository has no such file."""
    library = hub()
    repository, _, revision = watch.spec.hub_id.partition("@")
    try:
        # asked first by itself: the library's download tries for half a minute where there is no connection
        library.get_hf_file_metadata(library.hf_hub_url(repository, name, revision=revision or None))
        path = Path(library.hf_hub_download(repository, name, revision=revision or None, tqdm_class=_bar_of(watch)))
    except library.errors.RemoteEntryNotFoundError:
        return None
    except library.errors.HfHubHTTPError as error:
        raise _refused(watch.spec, error.response.status_code) from error
    except (library.errors.LocalEntryNotFoundError, library.errors.HTTPError, OSError) as error:
        reason = _broken_off(watch) if watch.done else _unreachable(watch.spec, library.constants.ENDPOINT)
        raise reason from error
    _check_blob(watch.spec, path)
    return path


def _bar_of(watch: _Watch) -> type:
    """Return an object that the hub's library takes for a progress bar, and that reports to the watch instead."""

    class Bar:
        def __init__(self, *_: Any, total: int | None = None, initial: int = 0, **__: Any) -> None:
            watch.total, watch.done = total or 0, initial

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            return None

        def update(self, count: float | None = 1) -> None:
            watch.advance(int(count or 0))

        def close(self) -> None:
            return None

    return Bar


def _sweep(spec: ModelSpec) -> None:
    """Take away what a killed process left in the hub's cache of this repository, once nobody can still write it."""
    for path in (hub_folder() / repository_folder(spec) / "blobs").glob("*.incomplete"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE_S:
                path.unlink()


def _check_blob(spec: ModelSpec, path: Path) -> None:
    """Compare a file of the hub with the SHA-256 under which it is stored; take it away where it differs."""
    blob = path.resolve()
    if not _SHA256.fullmatch(blob.name):
        return
    with blob.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != blob.name:
        path.unlink()
        blob.unlink(missing_ok=True)
        raise _wrong_checksum(spec, found, blob.name)


def _unreachable(spec: ModelSpec, url: str) -> BadWeightsError:
    return BadWeightsError(
        f"The network cannot be reached, so {spec.name} cannot be downloaded from {urlsplit(url).netloc}; "
        f"{' and '.join(BUNDLED)} ship with the program and need no connection."
    )


def _broken_off(watch: _Watch) -> BadWeightsError:
    of = f" of {watch.total / 1e6:.1f}" if watch.total else ""
    return BadWeightsError(
        f"The download of {watch.spec.name} broke off after {watch.done / 1e6:.1f}{of} MB; nothing was kept. "
        "Start it again."
    )


def _wrong_checksum(spec: ModelSpec, found: str, expected: str) -> BadWeightsError:
    return BadWeightsError(
        f"The file that came for {spec.name} is wrong (checksum {found[:12]}… instead of {expected[:12]}…), so "
        "it was not kept. Start the download again; if it happens again, something on the network alters it."
    )


def _refused(spec: ModelSpec, code: int) -> BadWeightsError:
    place = spec.url or f"https://huggingface.co/{spec.hub_id}"
    if code in {401, 403}:
        return BadWeightsError(
            f"The server gives {spec.name} only to people who accepted its licence: read {place}, accept it there, "
            "and log in with: hf auth login."
        )
    reason = "has no such file" if code == 404 else f"answered with status {code}"
    return BadWeightsError(f"{spec.name} cannot be downloaded: the server {reason} ({place}).")
