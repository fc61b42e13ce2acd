"""A bundle that this program exported, as a folder or a ZIP: where in it the weights are that say everything."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from tlviz.errors import BadWeightsError
from tlviz.home import storage_errors
from tlviz.zip_count import count_entries

WEIGHTS = ("model.safetensors", "model_float16.safetensors")
"""The files whose header names architecture, classes and preprocessing, the better first."""
_LARGEST = 16 * 2**30
_MOST_ENTRIES = 10_000
_ZIP_ERRORS = (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, LookupError)


def weights_in(folder: Path) -> Path:
    """Return the weights of a bundle's folder.  Raises ``BadWeightsError`` where it has none that say what they are."""
    found = next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)
    if found is None:
        raise BadWeightsError(
            f"The folder {folder} holds no {WEIGHTS[0]}; give the folder of a bundle that was exported with the format "
            "safetensors, or a weights file."
        )
    return found


@contextmanager
def weights_file(path: Path) -> Iterator[Path]:
    """Give the weights that a path means: a file itself, those in a bundle's folder, or in its ZIP, unpacked meanwhile.

    Raises ``BadWeightsError`` where a bundle has none, or its ZIP is damaged, and ``StorageError``.
    """
    if path.is_dir():
        yield weights_in(path)
        return
    entry = _entry(path)
    if entry is None:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="tlviz-", ignore_cleanup_errors=True) as folder:
        unpacked = Path(folder) / WEIGHTS[0]
        with storage_errors(unpacked):
            _unpack(path, entry, unpacked)
        yield unpacked


def own_name(path: Path) -> str:
    """Return what a network is called where a person does not say it: as its file, or the folder of its bundle."""
    if path.is_dir():
        return path.absolute().name
    return path.absolute().parent.name if path.name in WEIGHTS else path.stem


def _entry(path: Path) -> zipfile.ZipInfo | None:
    """Return the entry of a ZIP with the weights of a bundle, None where the file is something else.

    A file of ``torch.save`` is a ZIP too.
    """
    try:
        if not path.is_file() or not zipfile.is_zipfile(path):
            return None
        with path.open("rb") as raw:
            if count_entries(raw, _MOST_ENTRIES) > _MOST_ENTRIES:
                return None
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except _ZIP_ERRORS:
        return None
    held = {PurePosixPath(entry.filename).name: entry for entry in entries if entry.filename.count("/") <= 1}
    found = next((held[name] for name in WEIGHTS if name in held), None)
    if found is None and path.suffix.lower() == ".zip" and "data.pkl" not in held:
        raise BadWeightsError(
            f"The ZIP {path} holds no {WEIGHTS[0]}; give the ZIP of a bundle exported with safetensors."
        )
    return found


def _unpack(path: Path, entry: zipfile.ZipInfo, to: Path) -> None:
    if entry.file_size > _LARGEST:
        raise BadWeightsError(
            f"The weights in {path} would take {entry.file_size / 1e9:,.0f} GB, which no network has."
        )
    try:
        with zipfile.ZipFile(path) as archive, archive.open(entry) as packed, to.open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadWeightsError(f"The ZIP {path} is damaged ({error}); take a new copy.") from error
