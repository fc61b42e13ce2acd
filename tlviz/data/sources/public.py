"""torchvision's public datasets as targets: a table of what is known before a download, and reading what is there.

Download and reading are torchvision's own.  CIFAR-10's files are pickles, which may run code when they are read:
torchvision compares each file's MD5 with the published one before it reads it, every time.  Licences and sizes are
those of each dataset's own page, as ``url`` names it; where that page grants no licence, ``licence`` states that.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tlviz.data.pixels.ingest import Source
from tlviz.data.pixels.pictures import Pixels
from tlviz.data.sources.store import datasets_folder, read_note, stored
from tlviz.data.sources.target import Target, file_sources
from tlviz.errors import BadDatasetError
from tlviz.program import command
from tlviz.small_files import MB, read_json

LISTING = "listing.json"


@dataclass(frozen=True, slots=True)
class PublicSpec:
    """One public dataset: what a person should know before the download, and where torchvision keeps what.

    ``parts`` gives, for each part of ours, the arguments of torchvision's class; ``pictures`` and ``labels`` name its
    attributes, which hold either files or an array.  ``size_mb`` is the download in millions of bytes.
    """

    name: str
    title: str
    sentence: str
    relation: str
    class_count: int
    images: int
    size_mb: int
    licence: str
    url: str
    library_class: str
    parts: Mapping[str, Mapping[str, Any]]
    pictures: str = "_image_files"
    labels: str = "_labels"
    may_flip: bool = True
    archive_md5: str = ""


_TRAIN_TEST: dict[str, dict[str, Any]] = {"train": {"train": True}, "test": {"train": False}}
_SPLITS: dict[str, dict[str, Any]] = {part: {"split": part} for part in ("train", "val", "test")}

PUBLIC: dict[str, PublicSpec] = {
    spec.name: spec
    for spec in (
        PublicSpec(
            name="cifar10",
            title="CIFAR-10",
            sentence="Tiny photographs, 32 x 32 pixels, of animals and vehicles in ten classes.",
            relation="near the source in task, but the pictures are tiny and blurred when enlarged",
            class_count=10,
            images=60_000,
            size_mb=170,
            licence="none stated, see its page",
            url="https://www.cs.toronto.edu/~kriz/cifar.html",
            library_class="CIFAR10",
            parts=_TRAIN_TEST,
            pictures="data",
            labels="targets",
        ),
        PublicSpec(
            name="flowers102",
            title="Flowers-102",
            sentence="Photographs of British flowers in 102 species; its own test part is six times its training part.",
            relation="near the source in domain, a finer task: ImageNet knows hardly any flower by its species",
            class_count=102,
            images=8_189,
            size_mb=345,
            licence="none stated, see its page",
            url="https://www.robots.ox.ac.uk/~vgg/data/flowers/102/",
            library_class="Flowers102",
            parts=_SPLITS,
        ),
        PublicSpec(
            name="pets",
            title="Oxford-IIIT Pet",
            sentence="Photographs of cats and dogs of 37 breeds.",
            relation="very near the source: ImageNet has many of the same breeds, so expect high accuracy at once",
            class_count=37,
            images=7_349,
            size_mb=811,
            licence="CC BY-SA 4.0; the photographs' owners keep their copyright",
            url="https://www.robots.ox.ac.uk/~vgg/data/pets/",
            library_class="OxfordIIITPet",
            parts={"train": {"split": "trainval"}, "test": {"split": "test"}},
            pictures="_images",
        ),
        PublicSpec(
            name="dtd",
            title="Describable Textures",
            sentence="Photographs of textures in 47 words such as banded, dotted and woven.",
            relation="same kind of picture as the source, another task: textures instead of objects",
            class_count=47,
            images=5_640,
            size_mb=625,
            licence="for research purposes, see its page",
            url="https://www.robots.ox.ac.uk/~vgg/data/dtd/",
            library_class="DTD",
            parts=_SPLITS,
        ),
        PublicSpec(
            name="eurosat",
            title="EuroSAT",
            sentence="Satellite pictures of 64 x 64 pixels of land use in ten classes.",
            relation="far from the source: seen from above, and another task",
            class_count=10,
            images=27_000,
            size_mb=94,
            licence="MIT",
            url="https://github.com/phelber/EuroSAT",
            library_class="EuroSAT",
            parts={"": {}},
            pictures="samples",
            labels="targets",
        ),
        PublicSpec(
            name="fashionmnist",
            title="Fashion-MNIST",
            sentence="Grey pictures of clothes, 28 x 28 pixels, in ten classes.",
            relation="far from the source in domain: tiny grey pictures on black, though of objects",
            class_count=10,
            images=70_000,
            size_mb=31,
            licence="MIT",
            url="https://github.com/zalandoresearch/fashion-mnist",
            library_class="FashionMNIST",
            parts=_TRAIN_TEST,
            pictures="data",
            labels="targets",
        ),
        PublicSpec(
            name="stl10",
            title="STL-10",
            sentence="Photographs of 96 x 96 pixels of animals and vehicles; the unlabelled ones are unused.",
            relation="the source itself: its pictures come from ImageNet, so the network may have been trained on them",
            class_count=10,
            images=13_000,
            size_mb=2640,
            licence="none stated, pictures from ImageNet, see its page",
            url="https://cs.stanford.edu/~acoates/stl10/",
            library_class="STL10",
            parts={"train": {"split": "train"}, "test": {"split": "test"}},
            pictures="data",
            labels="labels",
        ),
        PublicSpec(
            name="aircraft",
            title="FGVC-Aircraft",
            sentence="Photographs of aircraft in 100 variants; the strip below each names the photographer.",
            relation="near the source in domain, a much finer task: ImageNet has airliners and warplanes only",
            class_count=100,
            images=10_000,
            size_mb=2753,
            licence="non-commercial research only",
            url="https://www.robots.ox.ac.uk/~vgg/data/fgvc-aircraft/",
            library_class="FGVCAircraft",
            parts=_SPLITS,
            archive_md5="d4acdd33327262359767eeaa97a4f732",
        ),
    )
}


def is_downloaded(spec: PublicSpec) -> bool:
    """Return whether a dataset is in the store, or where the store says."""
    return stored(spec.name) is not None and data_root(spec).is_dir()


def library_class(spec: PublicSpec) -> Any:
    """Return torchvision's class of a dataset."""
    from tlviz import vision  # imports torch

    return getattr(vision.torchvision().datasets, spec.library_class)


def public_target(spec: PublicSpec) -> Target:
    """Describe a downloaded dataset from its listing, without torchvision.

    Raises ``BadDatasetError`` where it is not downloaded.
    """
    if not is_downloaded(spec):
        raise BadDatasetError(
            f"{spec.title} is not on this machine yet ({spec.size_mb:,} MB, licence: {spec.licence}); "
            f"download it with: {command(f'datasets download {spec.name}')}"
        )
    root = data_root(spec)
    try:
        listing = read_json(datasets_folder() / spec.name / LISTING, 512 * MB)
        files, names = listing["files"], listing["names"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadDatasetError(
            f"The listing of {spec.title} is damaged; delete {datasets_folder() / spec.name} and download it again."
        ) from error
    sources = (
        file_sources([root / file for file in files])
        if files
        else _array_sources(_Arrays(spec, root), names, listing["key"])
    )
    return Target(
        title=spec.title,
        where=spec.title,
        classes=tuple(listing["classes"]),
        sources=sources,
        names=tuple(names),
        labels=np.asarray(listing["labels"], dtype=np.int64),
        parts=tuple(listing["parts"]),
        problems=(),
        may_flip=spec.may_flip,
    )


def make_listing(spec: PublicSpec, root: Path) -> dict[str, Any]:
    """List a downloaded dataset: classes, labels, parts, names, and its files below ``root`` (None: arrays).

    Raises ``BadDatasetError`` where it is incomplete.
    """
    classes: Sequence[str] = ()
    labels: list[int] = []
    parts: list[str] = []
    files: list[str] = []
    digest = hashlib.sha256(spec.name.encode())
    for part in spec.parts:
        data = read_part(spec, root, part)
        classes = list(data.classes)
        of_part = [int(label) for label in getattr(data, spec.labels)]
        labels += of_part
        parts += [part] * len(of_part)
        pictures = getattr(data, spec.pictures)
        if hasattr(pictures, "shape"):
            digest.update(np.ascontiguousarray(pictures).tobytes())
        else:
            files += [_below(root, picture) for picture in pictures]
    missing = sum(not (root / file).is_file() for file in files)
    if len(labels) != spec.images or len(classes) != spec.class_count or missing:
        raise BadDatasetError(
            f"{spec.title} in {root} is incomplete: {len(labels) - missing:,} of {spec.images:,} images are there; "
            "delete it and download it again."
        )
    names = files or [
        f"{part}/{classes[label]}/{at:05d}" for at, (part, label) in enumerate(zip(parts, labels, strict=True))
    ]
    content = {"classes": classes, "labels": labels, "parts": parts, "names": names, "files": files}
    return content | {"key": digest.hexdigest()[:24]}


def read_part(spec: PublicSpec, root: Path, part: str) -> Any:
    """Return torchvision's dataset of one part.  Raises ``BadDatasetError`` where its files are damaged or gone."""
    try:
        return library_class(spec)(root=str(root), **spec.parts[part])
    except (RuntimeError, OSError, ValueError, AssertionError, KeyError, IndexError) as error:
        raise BadDatasetError(
            f"The files of {spec.title} in {root} are damaged or incomplete ({error}); "
            "delete them and download it again."
        ) from error


def data_root(spec: PublicSpec) -> Path:
    """Return the folder that torchvision is given: the store's, or the one that the store's note names."""
    folder = datasets_folder() / spec.name
    return folder / str(read_note(folder).get("root", "."))


def _below(root: Path, picture: Any) -> str:
    """Return a picture's path below the root; ``samples`` of torchvision hold (path, label) pairs."""
    return os.path.relpath(picture[0] if isinstance(picture, tuple) else picture, root)


@dataclass(slots=True)
class _Arrays:
    """The pictures of a dataset that keeps them in arrays, read when the first is needed."""

    spec: PublicSpec
    root: Path
    _pictures: list[Pixels] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, at: int) -> tuple[Image.Image, None]:
        """Return picture number ``at``, counted through the parts, as RGB."""
        with self._lock:
            if not self._pictures:
                self._pictures = [self._read(part) for part in self.spec.parts]
        for pictures in self._pictures:
            if at < len(pictures):
                break
            at -= len(pictures)
        pixels = pictures[at]
        if pixels.ndim == 3 and pixels.shape[0] == 3 and pixels.shape[2] != 3:
            pixels = pixels.transpose(1, 2, 0)
        return Image.fromarray(np.ascontiguousarray(pixels)).convert("RGB"), None

    def _read(self, part: str) -> Pixels:
        return np.asarray(getattr(read_part(self.spec, self.root, part), self.spec.pictures))


def _array_sources(arrays: _Arrays, names: Sequence[str], key: str) -> tuple[Source, ...]:
    return tuple(
        Source(f"{arrays.spec.title} {name}", f"{key}|{at}", partial(arrays.open, at)) for at, name in enumerate(names)
    )
