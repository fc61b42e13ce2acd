"""Texts' networks: encoders of the transformers library, on batches (n, L) of token numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tlviz.errors import BadWeightsError
from tlviz.models.head import initialise_head
from tlviz.models.spec import Layout, ModelSpec, Pooling, Stage, check_size
from tlviz.models.split import SplitNetwork
from tlviz.models.stages import owns
from tlviz.models.texts.encoder import build_encoder, mask_of, mean_of_tokens, read_encoder
from tlviz.models.texts.split import split_encoder
from tlviz.models.texts.stages import encoder_stages
from tlviz.models.weights import check_file

_NAMED = 3


def build_network(
    spec: ModelSpec,
    class_count: int,
    *,
    size: int | None = None,
    initialise: bool = True,  # noqa: ARG001 (the library's start takes a third of a second)
    device: str | None = None,
) -> nn.Module:
    """Build an encoder with the library's own random weights and a head for this many classes."""
    check_size(spec, size or spec.preprocessing.size)
    module: nn.Module = _ready(spec, build_encoder(spec, class_count))
    return module.to(device) if device not in (None, "meta") else module


def find_stages(spec: ModelSpec, module: nn.Module, *, grouped: bool = True) -> tuple[Stage, ...]:  # noqa: ARG001
    """Order an encoder's modules into embeddings, blocks and head."""
    return encoder_stages(module, grouped=grouped)


def load_weights(
    spec: ModelSpec, class_count: int, size: int | None, *, may_lack_head: bool
) -> tuple[nn.Module, tuple[Stage, ...]]:
    """Build an encoder around its weights; what they lack of the head starts at random.

    Raises ``BadWeightsError`` where they are damaged or lack more than the head.
    """
    check_size(spec, size or spec.preprocessing.size)
    check_file(spec)
    module, lacking = read_encoder(spec, class_count)
    module = _ready(spec, module)
    stages = encoder_stages(module)
    missing = {name for name in lacking if not (may_lack_head and owns(stages[-1], name))}
    if missing:
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        raise BadWeightsError(
            f"The weights of {spec.name} do not fit its architecture: {', '.join(sorted(missing)[:_NAMED])}{more} "
            "are missing or of another shape."
        )
    if lacking:
        initialise_head(module, stages)
    return module, stages


def make_inputs(items: Any, spec: ModelSpec, device: torch.device | None = None) -> Tensor:
    """Turn token numbers (n, L) into the network's input, cut at its longest text: (n, L)."""
    tokens = np.asarray(items)
    filled = np.flatnonzero((tokens != spec.tokens.pad).any(0))
    longest = int(filled[-1]) + 1 if len(filled) else 1
    inputs = torch.from_numpy(tokens[:, :longest].astype(np.int64))
    return inputs if device is None else inputs.to(device)


def pool_features(output: Tensor, layout: Layout, inputs: Tensor, spec: ModelSpec) -> Tensor:
    """Return a stage's output (n, L, D) as features (n, D): the mean over the tokens that are there."""
    if layout is not Layout.TOKENS:
        return output.flatten(1)
    return output[:, 0] if output.shape[1] == 1 else mean_of_tokens(output, mask_of(inputs, spec.tokens.pad))


def cut(module: nn.Module, stages: Sequence[Stage], depth: int) -> SplitNetwork:
    """Cut an encoder behind its first stages, as ``split_encoder`` does."""
    return split_encoder(module, stages, depth)


def _ready(spec: ModelSpec, module: Any) -> Any:
    """Say where the tokens are pooled, where the library's own head would take one of them only."""
    has_own = "classifier_pooling" in spec.tokens.config_text
    if spec.tokens.pooling is Pooling.MEAN and not has_own:
        module.pools = encoder_stages(module)[-2].modules[-1]
    return module
