"""A file that was given as a target and can be none: what it is, and what to do."""

from __future__ import annotations

import stat
from pathlib import Path

from tlviz.data.sources.folder_tree import is_picture_name
from tlviz.errors import BadDatasetError

TABLES = (".csv", ".tsv", ".txt")
"""Endings of tables."""
_TARGET = "give a folder with one sub-folder of pictures a class, or a CSV of paths and labels"
_AS_CSV = "save its sheet of paths and labels as CSV, and give that"
_UNPACK = "unpack it and give the folder, or pack it as ZIP"
_KINDS: tuple[tuple[str, str, str], ...] = (
    ("a spreadsheet", _AS_CSV, ".xlsx .xls .xlsm .xlsb .ods .numbers .gsheet"),
    ("an archive of a kind that is not opened here", _UNPACK,
     ".rar .7z .zst .lz4 .lzma .cab .iso .dmg .arj .ace .gz .bz2 .xz .z .tar.zst .zipx .alz .egg .jar"),
    ("a JSON file", _TARGET, ".json .jsonl .ndjson .geojson .json5"),
    ("a file of data that is not read here", _TARGET,
     ".xml .yaml .yml .toml .ini .parquet .feather .arrow .avro .orc .sqlite .db .h5 .hdf5 .mat .npz .npy .pkl .pickle "
     ".tfrecord .tfrecords .record .lmdb .mdb .rds .rdata .dta .sav"),
    ("a film", "save its frames as pictures in one sub-folder a class, and give the folder above them",
     ".mp4 .avi .mov .mkv .webm .wmv .mpg .mpeg .m4v"),
    ("a file of a network's weights", f"give it as the model, and for the target {_TARGET}",
     ".pt .pth .safetensors .onnx .ckpt .pt2 .tflite .pb .keras"),
    ("a document", _TARGET, ".pdf .doc .docx .odt .rtf .md .rst .html .htm .tex .ppt .pptx .odp .ipynb .py .log"),
    ("a single picture", "give the folder above the folders of the classes; to name what is in it, use predict",
     ".heic .heif .avif .jxl .jp2 .svg .psd .tga .ico .dcm .jfif .jpe .raw .dng .nef .cr2 .cr3 .arw .orf .rw2"),
)  # fmt: skip
_OF_ENDING = {ending: (what, todo) for what, todo, endings in _KINDS for ending in endings.split()}
_STARTS = (
    (b"PK\x03\x04", "a ZIP archive by its content", "give it a name that ends in .zip"),
    (b"Rar!", *_OF_ENDING[".rar"]),
    (b"7z\xbc\xaf\x27\x1c", *_OF_ENDING[".7z"]),
    (b"\x1f\x8b", "packed with gzip by its content", "give it a name that ends in .tar.gz where it is a TAR archive"),
    (b"\xff\xd8\xff", *_OF_ENDING[".heic"]),
    (b"\x89PNG", *_OF_ENDING[".heic"]),
    (b"GIF8", *_OF_ENDING[".heic"]),
    (b"%PDF", *_OF_ENDING[".pdf"]),
    (b"{", *_OF_ENDING[".json"]),
    (b"[", *_OF_ENDING[".json"]),
    (b"SQLite", *_OF_ENDING[".db"]),
)


def is_table(path: Path) -> bool:
    """Return whether a path is named like a table."""
    return path.suffix.lower() in TABLES


def refuse_file(path: Path) -> None:
    """Raise ``BadDatasetError`` where a path leads to something that is no folder, and has not been taken already."""
    try:
        mode = path.stat().st_mode
    except OSError:
        if path.is_symlink():
            raise BadDatasetError(f"{path} is a link that leads nowhere; {_TARGET}.") from None
        return
    if stat.S_ISDIR(mode):
        return
    if not stat.S_ISREG(mode):
        raise BadDatasetError(f"{path} is a pipe, a socket or a device, not a folder; {_TARGET}.")
    what, todo = _kind(path)
    raise BadDatasetError(f"{path} is {what}, not a folder; {todo}.")


def refuse_no_file(path: Path) -> None:
    """Raise ``BadDatasetError`` where what is named like a table or an archive is a pipe or a device, not a file."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode):
        raise BadDatasetError(f"{path} is a pipe, a socket or a device, not a file; {_TARGET}.")


def _kind(path: Path) -> tuple[str, str]:
    """Return what a file is and what to do, by its ending, else by its first bytes."""
    if is_picture_name(path.name):
        return _OF_ENDING[".heic"]
    if known := _OF_ENDING.get(path.suffix.lower()):
        return known
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError:
        start = b""
    if not start:
        return "an empty file", _TARGET
    found = next(((what, todo) for first, what, todo in _STARTS if start.startswith(first)), None)
    if found is None:
        named = f"a file that ends in {path.suffix}" if path.suffix else "a file without an ending"
        found = (named, f"{_TARGET}; a table's name ends in .csv, .tsv or .txt")
    return found
