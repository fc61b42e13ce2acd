"""Why a folder with pictures cannot be read as classes: what lies there instead, and what to do."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tlviz.data.sources.folder_slots import Arrangement
from tlviz.data.sources.folder_tree import Folder, Tree, is_no_picture
from tlviz.data.sources.reading import Layout
from tlviz.data.sources.side_names import is_masks_name, is_pictures_name, says_no_class
from tlviz.errors import BadDatasetError, quoted

_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")


def refuse_detection(called: str, tree: Tree, masks: dict[str, str]) -> None:
    """Raise ``BadDatasetError`` where there are pictures beside masks, boxes or texts, and no folders of classes."""
    if masks:
        path, picture = next(iter(masks.items()))
        raise BadDatasetError(
            f"{called} holds pictures in {picture} and what belongs to them in {Path(path).name}, not classes; give a "
            "folder with one sub-folder a class, or say --layout classes if these two are the classes."
        )
    counted: Counter[str] = Counter()
    for empty in tree.empty:
        counted[empty.name] += empty.others if is_masks_name(empty.name) else 0
    if counted.total() and any(is_pictures_name(folder.name) for folder in tree.root.within()):
        name, count = counted.most_common(1)[0]
        files = "one file" if count == 1 else f"{count:,} files"
        raise BadDatasetError(
            f"{called} holds pictures, and {files} of another kind in {name}, as for finding objects; training here "
            "needs one sub-folder of pictures a class, or a CSV of paths and labels."
        )


def refuse_flat(called: str, chosen: Arrangement, top: Folder) -> None:
    """Raise ``BadDatasetError`` where pictures lie flat and their names give no two classes."""
    is_asked = chosen.layout is Layout.NAMES
    pictures = next((folder.pictures for folder in top.within() if folder.pictures), ())
    if pictures and (is_asked or all(says_no_class(slot.name) for slot in chosen.slots)):
        raise BadDatasetError(
            f"{called} holds no pictures in sub-folders of classes, and the names of its pictures, such as "
            f"{quoted(pictures[0], 60)}, tell no two classes; put the pictures of each class into a sub-folder, give a "
            "CSV of paths and labels, or say with --class-pattern which part of a name is the class."
        )


def refuse_beside(called: str, tree: Tree) -> None:
    """Raise ``BadDatasetError`` where what is wanted may lie beside the pictures: a table of them, or archives."""
    others = [left.path for left in tree.left_out if is_no_picture(left.reason)]
    tables = [path for path in others if path.lower().endswith((".csv", ".tsv"))]
    archives = [path for path in others if path.lower().endswith(_ARCHIVES)]
    if tables and tree.root.count:
        raise BadDatasetError(
            f"{called} holds pictures, but no two folders of classes; if {tables[0]} says what they are, give that "
            "file."
        )
    if archives and not tree.root.count:
        raise BadDatasetError(f"{called} holds no pictures, but {archives[0]}; give that file, or unpack it there.")
