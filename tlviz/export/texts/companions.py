"""The scripts beside an exported encoder, and the small files that they read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from tlviz import __version__
from tlviz.export.files.content import Content
from tlviz.export.files.scripts import LABELS, PREPROCESSING, REQUIREMENTS, installed, template
from tlviz.export.files.table import Script
from tlviz.home import write_text
from tlviz.models.texts.folder import TOKENIZER

PACKAGES = {
    Script.TORCH: ("numpy", "safetensors", "tokenizers", "torch", "transformers"),
    Script.ONNX: ("numpy", "onnxruntime", "tokenizers"),
}


def write_companions(content: Content, folder: Path, scripts: Sequence[Script]) -> list[Path]:
    """Write the scripts, the tokenizer, class names and how texts become numbers into a folder; return the files."""
    texts = {
        LABELS: json.dumps(list(content.network.classes), ensure_ascii=False, indent=1) + "\n",
        PREPROCESSING: json.dumps(preprocessing(content), ensure_ascii=False, indent=1) + "\n",
    }
    texts |= {script.value: script_text(content, script) for script in scripts}
    if scripts:
        texts[REQUIREMENTS] = requirements_text(scripts)
    for name, text in texts.items():
        write_text(folder / name, text)
    shutil.copyfile(content.network.spec.tokens.tokenizer / TOKENIZER, folder / TOKENIZER)
    return [folder / name for name in (*texts, TOKENIZER)]


def preprocessing(content: Content) -> dict[str, Any]:
    """Return all that turns a text into the network's input, as ``preprocessing.json`` has it."""
    size, classes = content.geometry.size, len(content.network.classes)
    return {
        "size": size,
        "pad": content.network.spec.tokens.pad,
        "tokenizer": TOKENIZER,
        "input": {"name": "tokens", "type": "int64", "shape": ["N", "L"]},
        "output": {"name": "logits", "type": "float32", "shape": ["N", classes]},
        "steps": [
            f"split the text by {TOKENIZER}, without special tokens",
            f"keep so many tokens that there are {size} with the special ones, which the tokenizer adds then",
            "fill shorter texts of a batch up with 'pad'; where a number is 'pad', the attention mask is 0",
        ],
    }


def script_text(content: Content, script: Script) -> str:
    """Return a script that classifies texts with the files of a run, and needs no tlviz."""
    words = {
        "network": content.network.spec.architecture,
        "run": content.run,
        "version": __version__,
        "operators": template("operators").rstrip("\n"),
        "texts": template("texts").rstrip("\n"),
    }
    return Template(template(f"{script.value.removesuffix('.py')}_texts")).substitute(words)


def requirements_text(scripts: Sequence[Script]) -> str:
    """Return what the scripts need, in the versions that are installed here."""
    lines = []
    for script in scripts:
        packages = PACKAGES[script]
        lines += [f"# {script.value}: {', '.join(packages)}", *(f"{name}=={installed(name)}" for name in packages)]
    return "\n".join(dict.fromkeys(lines)) + "\n"
