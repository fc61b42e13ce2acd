"""Fetching a public dataset with torchvision's own code, watched: progress, cancel, no endless wait, nothing half."""

from __future__ import annotations

import errno
import http.client
import json
import shutil
import tarfile
import threading
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from tlviz.data.sources.public import LISTING, PublicSpec, data_root, is_downloaded, library_class, make_listing
from tlviz.data.sources.store import datasets_folder, made_whole, write_note
from tlviz.errors import BadDatasetError, StorageError
from tlviz.home import storage_errors, write_atomic

SILENCE_S = 30.0
"""A server that sends nothing for this long has stopped."""
_DISK = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EROFS, errno.EACCES, errno.EPERM}

Progress = Callable[[int, int], None]
_one_at_a_time = threading.Lock()


def download(spec: PublicSpec, progress: Progress | None = None, to: Path | None = None) -> Path:
    """Download a dataset into the store, or into a folder of its own below ``to``; return its folder.

    Where ``to`` already holds it, as torchvision lays it out, it is used unchanged.  ``progress`` is called with the
    bytes so far and in all; what it raises ends the download and leaves nothing behind.  Raises ``BadDatasetError``
    where it cannot be fetched or is damaged, ``StorageError`` where it cannot be written.
    """
    if is_downloaded(spec):
        return data_root(spec)
    place = datasets_folder() / spec.name
    if place.exists():  # its note is damaged, or the folder that it names is gone
        with storage_errors(place):
            shutil.rmtree(place)
    if to is None:
        with made_whole(place) as folder:
            _fetch(spec, folder, progress)
            _write_listing(folder, make_listing(spec, folder))
            write_note(folder, {"root": "."})
        return place
    root = to.expanduser().absolute()
    listing = _listing_of(spec, root)
    if listing is None:
        root = root / spec.name
        with made_whole(root) as folder:
            _fetch(spec, folder, progress)
            listing = make_listing(spec, folder)
            write_note(folder, {"root": "."})
    with made_whole(place) as folder:
        _write_listing(folder, listing)
        write_note(folder, {"root": str(root)})
    return root


def _listing_of(spec: PublicSpec, folder: Path) -> dict[str, Any] | None:
    try:
        return make_listing(spec, folder)
    except BadDatasetError:
        return None


def _write_listing(folder: Path, listing: dict[str, Any]) -> None:
    write_atomic(folder / LISTING, json.dumps(listing).encode())


def _fetch(spec: PublicSpec, folder: Path, progress: Progress | None) -> None:
    """Let torchvision download and unpack into a folder."""
    kind = library_class(spec)
    try:
        with _watched(progress, round(spec.size_mb * 1e6)):
            if spec.archive_md5:  # torchvision has no checksum for this one: with the file there, it only unpacks
                from tlviz import vision

                vision.torchvision().datasets.utils.download_url(kind._URL, str(folder), md5=spec.archive_md5)
            kind(root=str(folder), download=True, **next(iter(spec.parts.values())))
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, OSError) and error.errno in _DISK:
            raise StorageError(
                f"Cannot write {folder.parent}: {error.strerror}. Free some space, then try again."
            ) from error
        raise _unreachable(spec, error) from error
    except (RuntimeError, EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile) as error:
        if "urlopen error" in str(error) or "HTTP Error" in str(error):  # torchvision's summary of failed mirrors
            raise _unreachable(spec, error) from error
        raise BadDatasetError(
            f"The download of {spec.title} is incomplete or altered ({_reason(error)}); nothing was kept, try again."
        ) from error


def _unreachable(spec: PublicSpec, error: BaseException) -> BadDatasetError:
    return BadDatasetError(
        f"{spec.title} cannot be downloaded ({_reason(error)}); check this machine's connection and {spec.url}, "
        "then try again. What ships with the program works without a connection: photos, clipart, digits."
    )


def _reason(error: BaseException) -> str:
    reason = getattr(error, "reason", None) or error
    return " ".join(str(reason).split())[:200] or type(error).__name__


@contextmanager
def _watched(progress: Progress | None, total: int) -> Iterator[None]:
    """Count what urllib reads, give it a time limit, and unpack archives by Python's safe rules.

    torchvision offers no hook for any of these; both hooks are the libraries' own, for a whole process, and are taken
    back at the end.
    """
    before = tarfile.TarFile.extraction_filter

    def safe(member: tarfile.TarInfo, path: str) -> tarfile.TarInfo | None:
        if progress:
            progress(total, total)
        return tarfile.data_filter(member, path)

    with _one_at_a_time:
        urllib.request.install_opener(urllib.request.build_opener(_Watch(progress, total)))
        tarfile.TarFile.extraction_filter = staticmethod(safe)
        try:
            yield
        finally:
            tarfile.TarFile.extraction_filter = before
            urllib.request.install_opener(None)


class _Watch(urllib.request.BaseHandler):
    """Sits in urllib's chain: sets each request's time limit and counts what its answer gives."""

    handler_order = 900

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0

    def http_request(self, request: urllib.request.Request) -> urllib.request.Request:
        request.timeout = SILENCE_S
        return request

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:  # noqa: ARG002 (urllib's signature)
        read = response.read

        @wraps(read)
        def counted(*args: Any) -> bytes:
            content: bytes = read(*args)
            self._done += len(content)
            if self._progress:
                self._progress(min(self._done, self._total), self._total)
            return content

        response.read = counted
        return response

    https_request = http_request
    https_response = http_response
