"""Masks and other pictures made from pictures, which lie beside them in folders and are no class."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from os.path import splitext
from pathlib import PurePath

from tlviz.data.sources.folder_tree import Folder
from tlviz.data.sources.part_names import part_name
from tlviz.data.sources.side_names import (
    is_masks_name,
    is_pictures_name,
    may_be_masks_name,
    picture_of_mask,
    plain_stem,
)

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


def take_masks_away(root: Folder) -> tuple[Folder, dict[str, str]]:
    """Return a folder without the masks that lie beside their pictures in one folder, and of which picture each is.

    A mask's name is that of a picture beside it and a word that means one, as ``a_mask.png`` beside ``a.png``; masks
    are given by their path from the target's folder on.
    """
    found: dict[str, str] = {}
    whole = _without_masks(root, found)
    return whole, found


def _without_masks(folder: Folder, found: dict[str, str]) -> Folder:
    stem_of = {name: splitext(name)[0] for name in folder.pictures}  # noqa: PTH122 (a million names: five times faster)
    stems = {stem_of[name].casefold(): name for name in reversed(folder.pictures)}
    kept = []
    for name in folder.pictures:
        base = picture_of_mask(stem_of[name])
        picture = stems.get(base.casefold()) if base else None
        if picture is None:
            kept.append(name)
        else:
            found[f"{folder.below}/{name}" if folder.below else name] = picture
    inner = tuple(_without_masks(one, found) for one in folder.folders)
    if len(kept) == len(folder.pictures) and inner == folder.folders:
        return folder
    return replace(folder, pictures=tuple(kept), folders=inner, count=len(kept) + sum(one.count for one in inner))


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
