"""A text encoder as one module on one tensor: token numbers in, logits out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from tlviz import vision
from tlviz.errors import BadWeightsError
from tlviz.models.spec import ModelSpec, Pooling

Answer = Any
"""What an encoder of the library returns."""


class OnTokens:
    """What a network of the library becomes here: called with token numbers (n, L) it answers with logits (n, C).

    ``pad`` is the number that fills short texts up; where ``pools`` names a module, the head gets the mean over the
    tokens of what it gives, normalised as the encoder's own layers do with ``epsilon``, instead of what it would take.
    """

    pad: int
    pools: str
    epsilon: float

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits (n, C) of token numbers (n, L)."""
        return self.run(tokens, mask_of(tokens, self.pad))

    def run(self, tokens: Tensor, mask: Tensor, *, is_pooled: bool = False) -> Tensor:
        """Return the logits for tokens and their mask (n, L); ``is_pooled`` says that there is nothing left to pool."""
        with self._pooling(None if is_pooled else mask):
            answer: Answer = super().forward(input_ids=tokens, attention_mask=mask.long())  # type: ignore[misc]
        logits: Tensor = answer.logits
        return logits

    @contextmanager
    def _pooling(self, mask: Tensor | None) -> Iterator[None]:
        """Pool the last block's output for the head; as the last hook, so that others see all tokens."""
        if not self.pools or mask is None:
            yield
            return
        layer: nn.Module = self.get_submodule(self.pools)  # type: ignore[attr-defined]
        handle = layer.register_forward_hook(
            lambda _layer, _inputs, output: _with_first(output, pooled(output, mask, self.epsilon))
        )
        try:
            yield
        finally:
            handle.remove()


def mask_of(inputs: Tensor, pad: int) -> Tensor:
    """Return which positions (n, L) hold tokens, of token numbers or of what crosses a stage end with its mask."""
    return inputs[..., -1] > 0 if inputs.is_floating_point() else inputs != pad


def mean_of_tokens(hidden: Tensor, mask: Tensor) -> Tensor:
    """Return the mean (n, D) of the vectors (n, L, D) that a mask (n, L) lets through."""
    weights = mask.to(hidden.dtype)[..., None]
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)


def pooled(output: Tensor | tuple[Tensor, ...], mask: Tensor, epsilon: float) -> Tensor:
    """Return the mean of the tokens as a sequence of one (n, 1, D), normalised to mean 0 and variance 1."""
    hidden = first_of(output)
    if hidden.shape[1] == 1 and mask.shape[1] == 1:
        return nn.functional.layer_norm(hidden, hidden.shape[-1:], eps=epsilon)
    return nn.functional.layer_norm(mean_of_tokens(hidden, mask), hidden.shape[-1:], eps=epsilon)[:, None]


def first_of(output: Tensor | tuple[Tensor, ...]) -> Tensor:
    """Return a block's hidden states, whatever it returns beside them."""
    return output if isinstance(output, Tensor) else output[0]


def _with_first(output: Tensor | tuple[Tensor, ...], hidden: Tensor) -> Tensor | tuple[Tensor, ...]:
    return hidden if isinstance(output, Tensor) else (hidden, *output[1:])


@cache
def _adapted(kind: Any) -> Any:
    """Return a class of the library with the way of calling it that is used here."""
    return type(kind.__name__, (OnTokens, kind), {"__module__": kind.__module__})


def adapt(module: Any, spec: ModelSpec) -> nn.Module:
    """Let a network of the library be called with one tensor; its tensors keep the library's names."""
    kind: Any = type(module)
    module.__class__ = _adapted(kind)
    module.pad = spec.tokens.pad
    module.pools = ""
    module.epsilon = float(getattr(module.config, "layer_norm_eps", 1e-5))
    result: nn.Module = module
    return result


def build_encoder(spec: ModelSpec, class_count: int) -> nn.Module:
    """Build an architecture with the library's own random weights and a head for this many classes."""
    return adapt(_classifier().from_config(config_of(spec, class_count)), spec)


def read_encoder(spec: ModelSpec, class_count: int) -> tuple[nn.Module, frozenset[str]]:
    """Build an encoder around its weights; return it and the names of the tensors that these lack.

    Raises ``BadWeightsError`` where the library cannot read them.
    """
    assert spec.weights is not None  # noqa: S101 (an encoder on this machine has a file)
    try:
        module, told = _classifier().from_pretrained(
            str(spec.weights.parent),
            config=config_of(spec, class_count),
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=True,
            ignore_mismatched_sizes=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise BadWeightsError(f"The weights of {spec.name} at {spec.weights} cannot be read ({first}).") from error
    mismatched = {entry if isinstance(entry, str) else entry[0] for entry in told["mismatched_keys"]}
    return adapt(module, spec), frozenset({*told["missing_keys"], *mismatched})


def config_of(spec: ModelSpec, class_count: int) -> Any:
    """Return the library's configuration of an encoder with a head for this many classes."""
    library = vision.transformers()
    values: dict[str, Any] = json.loads(spec.tokens.config_text)
    for name in ("id2label", "label2id", "num_labels", "architectures", "auto_map", "problem_type", "torch_dtype"):
        values.pop(name, None)
    values |= {"pad_token_id": spec.tokens.pad, "num_labels": class_count}
    if spec.tokens.pooling is Pooling.MEAN and "classifier_pooling" in values:
        values["classifier_pooling"] = "mean"
    return library.AutoConfig.for_model(values.pop("model_type"), **values)


def _classifier() -> Any:
    return vision.transformers().AutoModelForSequenceClassification
