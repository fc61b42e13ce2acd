"""Every network a person can name: bundled, of the libraries, imported, or in a file that this program exported."""

from __future__ import annotations

from pathlib import Path

from tlviz.errors import UnknownNameError
from tlviz.home import is_written_like_a_path
from tlviz.models.exported_bundle import weights_in
from tlviz.models.imported import WEIGHTS, exported_model, need_own, own_model, own_models
from tlviz.models.local_weights import hub
from tlviz.models.spec import ModelSpec
from tlviz.models.table import BUNDLED, ENCODERS, MODELS, default_of
from tlviz.models.texts.folder import encoder_in, is_encoder_folder, is_hub_name
from tlviz.models.texts.hub import hub_encoder

__all__ = ["BUNDLED", "ENCODERS", "MODELS", "find_model"]


def find_model(name: str) -> ModelSpec:
    """Return a network by its name, or by the path of a file or a folder that this program exported.

    A bare architecture stands for its library's default weights.  Raises ``UnknownNameError`` with the three nearest
    names, ``BadWeightsError`` for a file that does not say what it is.
    """
    found = MODELS.get(name) or default_of(name) or own_model(name)
    if found is not None:
        return found
    path = Path(name).expanduser()
    if is_hub_name(name) and not path.exists():
        return hub_encoder(name, hub)
    if path.is_dir() and is_encoder_folder(path):
        return encoder_in(path.absolute(), str(path.absolute()))
    if is_written_like_a_path(name) or name.endswith(Path(WEIGHTS).suffix):
        path = Path(name).expanduser().absolute()
        return exported_model(weights_in(path) if path.is_dir() else path)
    need_own(name)
    raise UnknownNameError("network", name, [*MODELS, *(spec.name for spec in own_models())])
