"""The training script of a bundle, with the split and the start that it reads."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import save

from tlviz.errors import TlvizError
from tlviz.export.files.content import CannotExportError, Content, images_of
from tlviz.export.run_images import RunImages
from tlviz.export.split_file import FILE, PICTURES, split_file
from tlviz.export.train_script import START, needs_start, train_script
from tlviz.home import make_folder, write_atomic
from tlviz.models.catalogue import find_model
from tlviz.models.local_weights import need_weights
from tlviz.models.weights import read_tensors


def write_train(content: Content, path: Path) -> None:
    """Write ``train.py`` and what it reads beside it.  Raises ``CannotExportError`` where it cannot repeat the run."""
    try:
        here = images_of(content)
        script, split = train_script(content.header, here), split_file(here)
        start = _start(here)
    except TlvizError as error:
        raise CannotExportError(f"No training script: {error}") from error
    for name, picture in split.pictures():
        write_atomic(make_folder(path.parent / PICTURES) / name, picture)
    if start is not None:
        write_atomic(path.with_name(START), start)
    write_atomic(path.with_name(FILE), split.content.encode("utf-8"))
    write_atomic(path, script.encode("utf-8"))


def _start(here: RunImages) -> bytes | None:
    """Return the weights that the run began from, as safetensors, None where the script downloads or draws them."""
    spec = find_model(here.config.model)
    if not needs_start(spec, here.config):
        return None
    weights = need_weights(spec)
    return weights.read_bytes() if weights.suffix == ".safetensors" else save(read_tensors(weights))
