"""A run's encoder as a network that the transformers library knows by itself, without any code of this program."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from tlviz import vision
from tlviz.export.files.content import CannotExportError
from tlviz.finetune.lora import plain_state
from tlviz.models.load import Network

TOLERANCE = 1e-4
"""A library's network that answers otherwise than the run's, by more than rounding, is not written."""
_OUTWEIGHS = 2.0**20
"""How much the mean over the tokens outweighs what the added block would otherwise add to it."""
_SAMPLE = (2, 9)


def stock_encoder(network: Network) -> Any:
    """Return an encoder of the library with a run's weights, in eval mode, that gives the run's logits.

    Where the run's head gets the mean over the tokens, which no head of the library takes, a block is added behind the
    last one that computes it: its attention weighs all tokens alike (queries and keys of 0), and its layer norms
    normalise.  Raises ``CannotExportError`` where the encoder's blocks are not of BERT's build.
    """
    library, module = vision.transformers(), network.module
    config: Any = copy.deepcopy(module.config)
    names = list(network.classes)
    config.id2label, config.label2id = dict(enumerate(names)), {name: at for at, name in enumerate(names)}
    config.architectures = [type(module).__name__]
    weights = dict(plain_state(module))
    if module.pools:
        weights |= _added_block(module, config)
    with torch.random.fork_rng(devices=[]):
        stock = library.AutoModelForSequenceClassification.from_config(config, attn_implementation="eager")
    stock.load_state_dict({name: value.detach().cpu().contiguous() for name, value in weights.items()})
    stock.eval()
    _need_same_answers(network, stock)
    return stock


def _added_block(module: Any, config: Any) -> dict[str, Tensor]:
    """Return the tensors of a block that gives the mean over the tokens, and count it in the configuration."""
    chain, _, number = str(module.pools).rpartition(".")
    block = copy.deepcopy(module.get_submodule(module.pools))
    try:
        value, mixed = block.attention.self.value, block.attention.output
        layers = (block.intermediate.dense, block.output.dense, block.attention.self.query, block.attention.self.key)
        norms = (mixed.LayerNorm, block.output.LayerNorm)
        is_last = int(number) + 1 == config.num_hidden_layers and all(isinstance(layer, nn.Linear) for layer in layers)
    except AttributeError:
        is_last = False
    if not is_last:
        raise CannotExportError(
            f"The head of this run gets the mean over the tokens, which transformers' own {config.model_type} does not "
            "give, and its blocks are not of BERT's build, so none can be added that does; take ONNX."
        )
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.zero_()
        same = torch.eye(value.weight.shape[0])
        value.weight.copy_(same)
        mixed.dense.weight.copy_(_OUTWEIGHS * same)
        for norm in norms:
            norm.weight.fill_(1)
    config.num_hidden_layers += 1
    return {f"{chain}.{int(number) + 1}.{name}": tensor for name, tensor in block.state_dict().items()}


def _need_same_answers(network: Network, stock: Any) -> None:
    """Raise ``CannotExportError`` where the library's network gives other logits for made-up texts."""
    pad = network.spec.tokens.pad
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(0, int(stock.config.vocab_size), _SAMPLE, generator=generator)
    tokens[tokens == pad] = pad + 1
    tokens[1, -3:] = pad
    with network.lock, torch.no_grad():
        own: Tensor = network.module.eval()(tokens).float().cpu()
        found: Tensor = Answering(stock, pad)(tokens)
    difference = float((own - found).abs().max())
    if not difference <= TOLERANCE * max(1.0, float(own.abs().max())):
        raise CannotExportError(
            f"transformers' own {stock.config.model_type} gives other logits than the run (by {difference:.2g}); take "
            "ONNX."
        )


class Answering(nn.Module):
    """A network of the library called with one tensor: token numbers (n, L), filled up with ``pad``, give logits."""

    def __init__(self, network: nn.Module, pad: int) -> None:
        super().__init__()
        self.network = network
        self._pad = pad

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits (n, C)."""
        logits: Tensor = self.network(input_ids=tokens, attention_mask=(tokens != self._pad).long()).logits
        return logits
