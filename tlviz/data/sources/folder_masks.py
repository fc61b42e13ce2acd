"""Masks and other pictures made from pictures, which lie beside them in folders and are no class."""

from __future__ import annotations

from itertools import islice
from pathlib import PurePath

from tlviz.data.sources.folder_tree import Folder
from tlviz.data.sources.part_names import part_name
from tlviz.data.sources.side_names import is_masks_name, is_pictures_name, may_be_masks_name, plain_stem

_LOOKED_AT = 2000
"""Files of a folder whose names are compared."""


def find_masks(root: Folder, spared: str | None = None) -> dict[str, str]:
    """Return the folders of masks by path, and the name of the folder whose pictures they belong to.

    Either both hold the same file names, or their names say so and nothing else lies beside them.
    The folders in ``spared``, a path, are left as they are.
    """
    found: dict[str, str] = {}
    for folder in root.within():
        if folder.path == spared:
            continue
        pictures = [inner for inner in folder.folders if is_pictures_name(inner.name)]
        masks = [inner for inner in folder.folders if inner not in pictures and may_be_masks_name(inner.name)]
        are_all = len(pictures) + len(masks) == len(folder.folders)
        for mask in masks:
            for picture in pictures:
                is_said = is_masks_name(mask.name) and are_all
                if _part(mask) == _part(picture) and (is_said or _are_alike(picture, mask)):
                    found[mask.path] = picture.name
                    break
    return found


def _part(folder: Folder) -> str | None:
    named = part_name(folder.name)
    return named.part if named else None


def _are_alike(picture: Folder, mask: Folder) -> bool:
    """Return whether half of the file names of masks, or their folders, are among those of the pictures."""
    if mask.folders and {inner.name for inner in mask.folders} & {inner.name for inner in picture.folders}:
        return True
    of_masks, of_pictures = _stems(mask), _stems(picture)
    return bool(of_masks) and 2 * len(of_masks & of_pictures) >= len(of_masks)


def _stems(folder: Folder) -> set[str]:
    names = (name for inner in folder.within() for name in inner.pictures)
    return {plain_stem(PurePath(name).stem) for name in islice(names, _LOOKED_AT)}
