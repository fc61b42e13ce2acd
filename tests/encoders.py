"""Tiny text encoders with random weights, saved as the transformers library saves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tlviz import vision

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "a",
    "the",
    "film",
    "is",
    "good",
    "bad",
    "very",
    "not",
    "dull",
    "bright",
]
COMMON = {
    "vocab_size": len(WORDS), "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2,
    "intermediate_size": 24, "max_position_embeddings": 80, "pad_token_id": 0,
}  # fmt: skip
KINDS: dict[str, dict[str, Any]] = {
    "bert": {},
    "roberta": {},
    "electra": {"embedding_size": 8},
    "distilbert": {"dim": 16, "hidden_dim": 24, "n_layers": 3, "n_heads": 2},
    "mpnet": {},
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_biased_input": False},
    "modernbert": {"global_attn_every_n_layers": 2, "local_attention": 8, "cls_token_id": 2, "sep_token_id": 3},
    "xlm-roberta": {},
}


def save_tokenizer(folder: Path) -> None:
    """Write a tokenizer of whole words."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, [("[CLS]", 2), ("[SEP]", 3)])
    tokenizer.save(str(folder / "tokenizer.json"))


def save_encoder(folder: Path, kind: str, **more: Any) -> Path:
    """Write a tiny encoder of a kind; ``more`` goes into its configuration."""
    library = vision.transformers()
    own = KINDS[kind]
    taken = {"hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"} if "dim" in own else set()
    common = {name: value for name, value in COMMON.items() if name not in taken}
    config = library.AutoConfig.for_model(kind, **{**common, **own, **more})
    module = library.AutoModel.from_config(config)
    module.save_pretrained(folder)
    save_tokenizer(folder)
    return folder


def change_config(folder: Path, **values: Any) -> None:
    """Put other values into a saved configuration."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))
