"""``config.json`` of a bundle: what timm and transformers' timm wrapper read to open the folder beside its weights."""

from __future__ import annotations

import json
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from tlviz import vision
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.models.load import Network

FILE = "config.json"
WEIGHTS = "model.safetensors"
"""The name under which timm and transformers look for weights in a folder."""
_CHOSEN_FOR_TESTS = ("test_input_size", "test_crop_pct", "test_pool_size")


def timm_config(network: Network, geometry: Geometry) -> dict[str, Any]:
    """Return ``config.json`` of a timm network with its classes and preprocessing, as timm itself writes it.

    Pictures that are padded are ``crop_mode`` border: timm pads with the mean colour where tlviz pads with white.
    """
    preprocessing, module = network.spec.pixels, network.module
    is_whole = geometry.fit is Fit.PAD
    read = {
        "input_size": (3, geometry.size, geometry.size),
        "interpolation": geometry.interpolation,
        "crop_pct": 1.0 if is_whole else geometry.crop_fraction,
        "crop_mode": "border" if is_whole else "center",
        "mean": preprocessing.mean,
        "std": preprocessing.std,
    }
    sized = network.spec.size_keywords(geometry.size)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        _save(module, path, list(network.classes), read, sized)
        config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    known = config["pretrained_cfg"]
    for name in _CHOSEN_FOR_TESTS:
        known.pop(name, None)  # these were the source's
    # What it was made from is told by the model card; timm would call these weights by that name.
    known.pop("tag", None)
    config.get("model_args", {}).pop("num_classes", None)  # said above; transformers would give it twice
    return config


def _save(module: Any, path: Path, classes: list[str], read: dict[str, Any], sized: dict[str, Any]) -> None:
    """Let timm write the file, which knows what it needs to build each of its architectures again."""
    vision.timm()
    arguments = {name: list(value) if isinstance(value, tuple) else value for name, value in sized.items()}
    import_module("timm.models._hub").save_config_for_hf(
        module, str(path), model_config={"label_names": classes}, model_args=arguments, data_config=read
    )
