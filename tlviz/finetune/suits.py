"""Which settings of a run are none for what its network takes."""

from __future__ import annotations

from tlviz.data.training.mix_kinds import Mix
from tlviz.errors import BadSettingError
from tlviz.finetune.choices import Augment
from tlviz.finetune.config import FinetuneConfig
from tlviz.medium import Medium
from tlviz.models.catalogue import find_model


def refuse_settings(config: FinetuneConfig) -> None:
    """Raise ``BadSettingError`` for a setting that is none for texts: they are neither augmented nor mixed."""
    spec = find_model(config.model)
    if spec.medium is Medium.PICTURES:
        return
    for name, is_on in {"augment": config.augment is not Augment.NONE, "mix": config.mix is not Mix.NONE}.items():
        if is_on:
            raise BadSettingError(f"{spec.title} takes texts, for which there is no {name}; set {name} to none.")
