"""The split of a run as a file: which picture is in which part, by its path below the folder of pictures."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tlviz.data.as_begun import open_as_begun
from tlviz.data.sources.target import Target
from tlviz.errors import BadDatasetError
from tlviz.export.run_images import RunImages

FILE = "split.json"
PICTURES = "pictures"
"""The folder of a bundle for the pictures of a target that has no files of its own."""
MOST_WRITTEN = 10_000


@dataclass(frozen=True, slots=True)
class SplitFile:
    """What ``split.json`` says, and where its pictures are.

    ``paths`` (N,) are relative to ``root``; None where the target has no files: then they are written into a bundle.
    """

    content: str
    root: Path | None
    paths: tuple[str, ...]
    _target: Target

    def pictures(self) -> Iterator[tuple[str, bytes]]:
        """Yield path and PNG of every picture of a target without files, none of one with files."""
        if self.root is not None:
            return
        for path, source in zip(self.paths, self._target.sources, strict=True):
            buffer = io.BytesIO()
            source.open()[0].save(buffer, "PNG")
            yield path, buffer.getvalue()


def split_file(here: RunImages) -> SplitFile:
    """Describe the very split of a run, its pictures in the run's own order.

    Raises ``BadDatasetError`` where the pictures are neither files nor few enough to be written as such.
    """
    target = open_as_begun(here.config.data, here.config.read_as, here.images.classes)
    root, path_of = _places(target)
    part_of = {
        int(at): part
        for part, rows in (
            ("train", here.split.train),
            ("validation", here.split.validation),
            ("test", here.split.test),
        )
        for at in rows
    }
    lines = [
        json.dumps({"path": path_of[name], "label": int(label), "part": part_of.get(at, "")})
        for at, (name, label) in enumerate(zip(here.images.names, here.images.labels, strict=True))
    ]
    listed = ",\n".join(lines)  # a picture a line, for people and for diff
    content = f'{{\n"classes": {json.dumps(here.images.classes)},\n"pictures": [\n{listed}\n]\n}}\n'
    return SplitFile(content, root, tuple(path_of[name] for name in target.names), target)


def _places(target: Target) -> tuple[Path | None, dict[str, str]]:
    """Return the folder above all pictures of a target, and each one's path below it by its name."""
    files = [source.path for source in target.sources]
    if None in files:
        return None, _written(target)
    texts = [str(file) for file in files]
    root = str(target.folder.root) if target.folder else os.path.commonpath([str(Path(text).parent) for text in texts])
    if not all(text.startswith(f"{root.rstrip(os.sep)}{os.sep}") for text in texts):
        raise BadDatasetError(f"The pictures of {target.title} are not below one folder, so no script can name them.")
    paths = [os.path.relpath(text, root).replace(os.sep, "/") for text in texts]
    return Path(root), dict(zip(target.names, paths, strict=True))


def _written(target: Target) -> dict[str, str]:
    if len(target.names) > MOST_WRITTEN:
        raise BadDatasetError(
            f"The {len(target.names):,} pictures of {target.title} are no files of their own, and over "
            f"{MOST_WRITTEN:,} are not written into a bundle, so no script can read them."
        )
    return {name: f"{at:05d}.png" for at, name in enumerate(target.names)}
