"""Names of what lies beside the pictures of a target and is none of its classes: a system's folders, and masks."""

from __future__ import annotations

import re

from tlviz.data.sources.part_names import is_filler, part_name, words_of

_SYSTEM = frozenset(
    {"@eadir", "@tmp", "@sharebin", "@appstore", "@database", "@recycle", "@recently-snapshot", "@__thumb"}
    | {"#recycle", "#snapshot", "~snapshot", "$recycle.bin", "$recycle", "recycler", "recycled", "recycle.bin"}
    | {"system volume information", "__macosx", "lost+found", "thumbs", "thumbs.db", "thumbnails", "_thumbs"}
    | {"network trash folder", "temporary items", "__pycache__", "node_modules", "desktop.ini", "ehthumbs.db"}
    | {"_gsdata_", "$windows.~bt", "$extend", "msocache", "config.msi", "ipynb_checkpoints", "icon\r"}
)
_SYSTEM_PATTERN = re.compile(r"found\.\d{3}|~\$.*|\$r[a-z0-9]{6}|@(eadir|tmp|appdata|app[a-z]+)", re.IGNORECASE)

_PICTURES = frozenset(
    {"image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "rgb", "jpegimages", "input", "inputs"}
    | {"original", "originals", "raw", "frames", "bilder", "imagenes", "imagens", "immagini"}
)
_MASKS = frozenset(
    {"mask", "masks", "annotation", "annotations", "annot", "annots", "groundtruth", "gt", "segmentation"}
    | {"segmentations", "segmentationclass", "segmentationobject", "labels", "label", "bitmaps", "trimap", "trimaps"}
    | {"masken", "mascaras", "masques", "maschere", "truth", "semantic", "instance", "instances", "contours", "seg"}
)
_WEAK_MASKS = frozenset(
    {"output", "outputs", "target", "targets", "depth", "edges", "edge", "saliency", "heatmaps", "overlay", "overlays"}
    | {"manual", "annotated", "boxes", "visualization", "visualisation", "colored", "preview", "previews"}
)
_BESIDE = (
    r"(?:(?:ground[ _.-]?)?truth|gt|masks?|masken|segm?|segmented|segmentations?|annot(?:ation)?s?|labels?|labelids|"
    r"trimaps?|contours?|instance(?:id)?s?|semantic|roi|matte|alpha)"
)
_MASK_BEHIND = re.compile(rf"(?P<stem>.*?[^ _.-])[ _.-]+{_BESIDE}(?:[ _.-]?\d{{1,3}})?", re.IGNORECASE)
_MASK_BEFORE = re.compile(rf"{_BESIDE}[ _.-]+(?P<stem>.+)", re.IGNORECASE)
_UNSORTED = frozenset({"unknown", "unlabeled", "unlabelled", "unsorted", "dummy", "none", "na", "pred", "prediction"})


def is_system_name(name: str) -> bool:
    """Return whether a file or folder of this name is a system's own, such as a recycle bin or thumbnails."""
    return name.casefold() in _SYSTEM or _SYSTEM_PATTERN.fullmatch(name) is not None


def is_pictures_name(name: str) -> bool:
    """Return whether a folder is called like one of pictures beside their masks: images, JPEGImages."""
    return _is_one_of(name, _PICTURES)


def is_masks_name(name: str) -> bool:
    """Return whether a folder is called like one of masks or annotations."""
    return _is_one_of(name, _MASKS)


def may_be_masks_name(name: str) -> bool:
    """Return whether a folder is called like something made from pictures: outputs, depth, edges."""
    return _is_one_of(name, _MASKS | _WEAK_MASKS)


def says_no_class(name: str) -> bool:
    """Return whether a folder's name says that nothing in it is sorted by class: unknown, images, test."""
    words = words_of(name)
    return (
        all(is_filler(word) or word in _UNSORTED or word in _PICTURES for word in words) or part_name(name) is not None
    )


def picture_of_mask(stem: str) -> str | None:
    """Return the stem of the picture that a mask beside it is of, by its own: a_mask, a-seg_1, gt_a; else None."""
    found = _MASK_BEHIND.fullmatch(stem) or _MASK_BEFORE.fullmatch(stem)
    return found["stem"] if found else None


def plain_stem(stem: str) -> str:
    """Return a file's stem without the words that mark a mask or its picture, to tell which belong together."""
    words = words_of(stem)
    kept = [word for word in words if word not in _MASKS and word not in _WEAK_MASKS and word not in _PICTURES]
    return " ".join(kept)


def _is_one_of(name: str, known: frozenset[str]) -> bool:
    """Return whether a name is one of these words, with fillers, a part or numbers beside it: ISIC2018_masks not."""
    joined = "".join(words_of(name))
    if joined in known:
        return True
    named = part_name(name)
    words = words_of(name)
    own = [word for word in words if word in known]
    others = [word for word in words if word not in known and not is_filler(word)]
    return bool(own) and (not others or (named is not None and all(word not in named.rest for word in others)))
