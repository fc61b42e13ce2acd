"""What an export asks of texts."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from tlviz.data.pixels.ingest import Source
from tlviz.data.texts.source import TextForm, TextSource, encode
from tlviz.data.texts.target import read_text
from tlviz.export.bundle import Bundle
from tlviz.export.card_facts import CardFacts
from tlviz.export.checking.own_answers import OwnAnswers
from tlviz.export.checking.runner import TOGETHER
from tlviz.export.texts.companions import write_companions as write_companions
from tlviz.home import make_folder, storage_errors, write_text
from tlviz.models.load import Network
from tlviz.models.media import side_of
from tlviz.models.spec import Pooling

Progress = Callable[[str, int, int], None]
ODD: dict[str, Callable[[str], bytes]] = {
    "in capitals": lambda text: text.upper().encode("utf-8", "replace"),
    "forty times": lambda text: (f"{text} " * 40).encode("utf-8", "replace"),
    "one word": lambda text: (text.split() or ["?"])[0].encode("utf-8", "replace"),
    "with accents, emoji and other scripts": lambda text: f"Ça va? {text} 😀 你好 שלום".encode("utf-8", "replace"),
    "lines and tabs": lambda text: text.replace(" ", "\t\r\n", 3).encode("utf-8", "replace"),
    "with a byte order mark": lambda text: text.encode("utf-8-sig", "replace"),
    "UTF-16": lambda text: text.encode("utf-16", "replace"),
    "Western European": lambda text: f"café {text}".encode("cp1252", "replace"),
    "a NUL byte": lambda text: f"{text[:5]}\0{text[5:]}".encode("utf-8", "replace"),
}
"""Every odd version of a text by its name, and what writes it."""


def read_form(header: Bundle) -> TextForm:
    """Return how texts become token numbers."""
    said = header.preprocessing
    return TextForm(int(said["size"]), str(said["tokenizer"]), int(said["pad"]))


def item_file(source: Source, path: Path) -> tuple[Path, bool]:
    """Write a text as a file of its own, as a table holds many in one."""
    make_folder(path.parent)
    path = path.with_name(f"{path.name}.txt")
    text = source.text if isinstance(source, TextSource) else ""
    with storage_errors(path):
        write_text(path, text)
    return path, False


def odd_items(paths: Sequence[Path], folder: Path) -> dict[str, Path]:
    """Write some texts as other programs would have saved them, and as other people would have written them."""
    make_folder(folder)
    written: dict[str, Path] = {}
    for path in paths:
        text = read_text(path)[0] or "?"
        for title, write in ODD.items():
            file = folder / f"{len(written)}.txt"
            with storage_errors(file):
                file.write_bytes(write(text))
            written[f"{title}, of {path.name}"] = file
    return written


def own_answers(
    network: Network,
    header: Bundle,
    paths: Sequence[Path],
    of: int,  # noqa: ARG001 (each text is noted whole)
    progress: Progress,
) -> OwnAnswers:
    """Read and name text files as ``tlviz predict`` does; those without a text are left out."""
    form = TextForm(int(header.preprocessing["size"]), str(network.spec.tokens.tokenizer), network.spec.tokens.pad)
    read = [read_text(path)[0] for path in paths]
    rows = [at for at, text in enumerate(read) if text is not None and text.strip()]
    logits, digests, prints = [], [], []
    for at in range(0, len(rows), TOGETHER):  # the batches that the bundle is asked in
        items, _ = encode([read[row] or "" for row in rows[at : at + TOGETHER]], form)
        with network.lock, torch.no_grad():
            inputs = side_of(network.spec).make_inputs(items[:], network.spec)
            logits.append(network.module.eval()(inputs).float().cpu().numpy())
        for place in range(len(items)):
            numbers = np.full(form.size, form.pad, np.int32)
            numbers[: len(items[place])] = items[place]
            digests.append(zlib.crc32(numbers.data))
            prints.append(zlib.crc32(np.ascontiguousarray(items[place]).data))  # as a run notes it
        progress("own answers", min(at + TOGETHER, len(rows)), len(rows))
    found = np.concatenate(logits) if logits else np.empty((0, len(network.classes)), np.float32)
    return OwnAnswers(np.array(rows, np.int64), found, np.array(digests, np.uint32), np.array(prints, np.uint32))


def use_lines(facts: CardFacts) -> list[str]:
    """Return how a bundle is used, as Markdown."""
    programs = [name for name in ("predict.py", "predict_onnx.py") if name in facts.files or not facts.files]
    commands = [f'python {name} "a text" file.txt' for name in programs]
    lines = ["```", "pip install -r requirements.txt", *commands, "```"]
    if "config.json" not in facts.files:
        return lines
    size = int(facts.header.preprocessing["size"])
    lines += [
        "",
        "With transformers, `FOLDER` being the folder of this file:",
        "",
        "```python",
        "from transformers import pipeline",
        "",
        f'classify = pipeline("text-classification", "FOLDER", truncation=True, max_length={size})',
        'classify("a text")',
        "```",
    ]
    if facts.header.preprocessing.get("pooling") == Pooling.MEAN:
        lines += [
            "",
            "The head gets the mean over the tokens, which no head of transformers takes: the last block of this "
            "network was not trained but added, and computes that mean (its attention weighs all tokens alike).",
        ]
    return lines
