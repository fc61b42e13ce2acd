"""Which formats a run can have at all, by its settings.  No torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tlviz.errors import BadSettingError, TlvizError, listed
from tlviz.export.files.table import Format, formats_of, parse_formats
from tlviz.finetune.choices import Tune
from tlviz.medium import WORDS
from tlviz.models.catalogue import find_model
from tlviz.models.imported import medium_of_weights
from tlviz.models.spec import Provider
from tlviz.runs.store.folder import RunFolder


def fitting_formats(run: RunFolder) -> list[Format]:
    """Return the formats that a run's network and strategy can have."""
    settings = run.config()["settings"]
    return [form for form in formats_of(medium_of_weights(run)) if not _why_not(form, settings)]


def wanted_formats(names: str, run: RunFolder) -> list[Format]:
    """Read a comma-separated list of formats; of "all" and "every", those that fit the run.

    Raises ``BadSettingError`` for one that is not on offer.
    """
    named, fitting = {name.strip() for name in names.split(",")}, fitting_formats(run)
    medium = medium_of_weights(run)
    foreign = [form.value for form in parse_formats(names) if form.value in named and form not in formats_of(medium)]
    if foreign:
        raise BadSettingError(
            f"{listed(foreign, 5)} cannot be made of a network for {WORDS[medium].several}; choose of "
            f"{', '.join(formats_of(medium))}."
        )
    return [form for form in parse_formats(names) if form in fitting or form.value in named]


def without_timm(provider: Provider, architecture: str) -> str:
    """Return why timm cannot open a network's folder, '' where it can."""
    if provider is Provider.TIMM:
        return ""
    return (
        f"{architecture} is built by torchvision. timm opens its own architectures only, so there is no config.json: "
        "use predict.py, or torchvision.models.get_model with model.pt."
    )


def without_adapter(settings: Mapping[str, Any]) -> str:
    """Return why a run with these settings has no adapter, '' where it has one."""
    if settings.get("tune") == Tune.LORA:
        return ""
    return "The run trained no LoRA adapter: only one with --tune lora has it."


def _why_not(form: Format, settings: Mapping[str, Any]) -> str:
    if form is Format.ADAPTER:
        return without_adapter(settings)
    if form is Format.TIMM:
        try:
            spec = find_model(str(settings.get("model")))
        except TlvizError:
            return ""  # it is asked again when it is written
        return without_timm(spec.provider, spec.architecture)
    return ""
