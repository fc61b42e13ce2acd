"""What a LoRA run trained, alone, in the format of the ``peft`` library: small matrices and the new head."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from tlviz.errors import BadWeightsError
from tlviz.export.bundle import Bundle, portable_weights
from tlviz.finetune.choices import Tune
from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.lora import need_linears
from tlviz.finetune.plan import plan_phases
from tlviz.finetune.strategies import find_strategy
from tlviz.models.catalogue import find_model
from tlviz.models.load import Network, build_for_target
from tlviz.models.spec import ModelSpec
from tlviz.models.stages import logit_layers, picture_sample

FOLDER = "adapter"
CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
_PREFIX = "base_model.model."
_EXACT, _ROUNDING = 1e-5, 1e-4
"""What of a layer's change may be lost, as a share of it or as a length: merged weights are rounded."""
_SPARE, _ROUNDS = 8, 4


@dataclass(frozen=True, slots=True)
class Adapter:
    """The two files of an adapter by name, and what it is put on: the network without its training."""

    files: dict[str, bytes]
    base: str


def has_adapter(config: FinetuneConfig) -> bool:
    """Return whether a run trained adapters."""
    return config.tune is Tune.LORA


def lora_adapter(network: Network, header: Bundle) -> Adapter:
    """Return the adapter of a LoRA run's merged network, to be put on the plain one with the target's classes.

    The run keeps merged weights W + 2 B A alone; B and A are found again from what they differ from the source's, as
    the best product of its rank (Eckart & Young 1936), which is exact but for rounding.  The head, and all else that
    the run has changed, is stored whole.  Raises ``BadWeightsError`` where the source's weights are not here, or where
    something has changed that such a file cannot hold.
    """
    config = FinetuneConfig.from_json(header.training.get("settings") or {})
    spec = find_model(config.model)
    pretrained = find_strategy(config.strategy).pretrained
    source = build_for_target(spec, network.classes, pretrained=pretrained, seed=config.seed, size=config.image_size)
    phases = plan_phases(config, source.stages)
    frozen = frozenset.intersection(*(phase.frozen for phase in phases))
    linears = need_linears(source.module, source.stages, frozen, picture_sample(config.image_size))
    before, after = portable_weights(source), portable_weights(network)
    held: dict[str, Tensor] = {}
    for path in linears:
        name = f"{path}.weight"
        held |= _factors(path, after[name] - before[name], config.lora_rank)
        before[name] = after[name]
    whole = _changed_modules(source, before, after)
    for path in whole:
        held |= {f"{path}.{name}": after[f"{path}.{name}"] for name in source.module.get_submodule(path).state_dict()}
    content = {f"{_PREFIX}{name}": value.contiguous() for name, value in held.items()}
    return Adapter(
        files={
            CONFIG: (json.dumps(_config(config, spec, linears, whole), indent=2) + "\n").encode(),
            WEIGHTS: save(content, metadata={"format": "pt"}),
        },
        base=_base(spec),
    )


def _factors(path: str, change: Tensor, rank: int) -> dict[str, Tensor]:
    """Return A (r, in) and B (out, r) of a layer under the names of the format; 2 B A is its change (out, in)."""
    change = change.double()
    wide = min(rank + _SPARE, *change.shape)
    with torch.random.fork_rng(devices=[]):  # it looks for the directions at random
        torch.default_generator.manual_seed(0)
        left, sizes, right = torch.svd_lowrank(change, q=wide, niter=_ROUNDS)
    roots = (sizes[:rank] / 2).sqrt()
    a, b = roots[:, None] * right[:, :rank].T, left[:, :rank] * roots
    lost = (change - 2 * b @ a).norm()
    if lost > max(_EXACT * float(change.norm()), _ROUNDING):
        raise BadWeightsError(
            f"The layer {path} has changed by more than LoRA of rank {rank} can, so the adapter cannot be written; "
            "use the merged weights."
        )
    return {f"{path}.lora_A.weight": a.float(), f"{path}.lora_B.weight": b.float()}


def _changed_modules(source: Network, before: dict[str, Tensor], after: dict[str, Tensor]) -> list[str]:
    """Return the modules, the head's logit layers first, that are not the source's any more, to be stored whole."""
    heads = [path for path, _ in logit_layers(source.module, source.stages)]
    changed = dict.fromkeys(heads)
    for name, value in after.items():
        path = name.rpartition(".")[0]
        if path not in changed and not torch.equal(value, before[name]):
            if not path:
                raise BadWeightsError(
                    f"The run has changed {name}, which is in no module of its own, so an adapter cannot hold it; use "
                    "the merged weights."
                )
            changed[path] = None
    # peft takes these names for endings, too.
    every = [path for path, _ in source.module.named_modules() if path]
    return [path for path in every if any(path == one or path.endswith(one) for one in changed)]


def _config(config: FinetuneConfig, spec: ModelSpec, linears: Sequence[str], whole: Sequence[str]) -> dict[str, Any]:
    """Return what peft reads of an adapter; what is left out has its own defaults.

    Not written by peft, whose import takes ten seconds, and whose newest fields older versions of it do not know.
    """
    return {
        "peft_type": "LORA",
        "task_type": None,
        "base_model_name_or_path": _base(spec),
        "inference_mode": True,
        "r": config.lora_rank,
        "lora_alpha": 2 * config.lora_rank,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "init_lora_weights": True,
        "target_modules": sorted(linears),
        "modules_to_save": list(whole),
    }


def _base(spec: ModelSpec) -> str:
    """Return the source as its own library names it; a person's own checkpoint is named without its folder."""
    return spec.hub_id or (spec.name if not spec.own else spec.title)
