"""New texts through a run's encoder: classes with probabilities."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import torch

from tlviz.data.pixels.problem import Problem
from tlviz.data.texts.recognise import TEXT_FILES
from tlviz.data.texts.source import TextForm, encode
from tlviz.data.texts.target import read_text
from tlviz.explore.maps.feature_maps import best_guesses
from tlviz.export.bundle import read_header
from tlviz.export.predict import BATCH, SKIPPED, TOP, Prediction, Predictions
from tlviz.models.load import Network
from tlviz.models.media import side_of

Progress = Callable[[int, int], None]


def find_texts(given: Iterable[str]) -> tuple[list[tuple[str, str]], list[Problem]]:
    """Return names and texts of what a person gave: text files and folders of such, else sentences."""
    found: list[tuple[str, str]] = []
    problems: list[Problem] = []
    for words in given:
        path = Path(words).expanduser()
        if len(words) < 1000 and path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.suffix.lower() in TEXT_FILES)
            if not files:
                problems.append(Problem(words, "holds no text files", SKIPPED))
        elif len(words) < 1000 and (path.exists() or words.lower().endswith(TEXT_FILES)):
            files = [path]
        else:
            files = []
            found.append((words, words))
        for file in files:
            text, odd = read_text(file)
            if text is None or not text.strip():
                problems.append(Problem(str(file), odd or "holds no text", SKIPPED))
            else:
                found.append((str(file), text))
    empty = [name for name, text in found if not text.strip()]
    problems += [Problem(repr(name), "is empty", SKIPPED) for name in empty]
    return [one for one in found if one[1].strip()], problems


def predict_texts(
    network: Network, weights: Path, texts: Sequence[tuple[str, str]], tell: Progress | None
) -> Predictions:
    """Classify texts, given with their names, in batches; what the length limit cuts off is noted."""
    said, tokens = read_header(weights).preprocessing, network.spec.tokens
    form = TextForm(int(said["size"]), str(tokens.tokenizer), tokens.pad)
    rows: list[Prediction] = []
    for at in range(0, len(texts), BATCH):
        batch = texts[at : at + BATCH]
        items, whole = encode([text for _, text in batch], form)
        with network.lock, torch.no_grad():
            logits = network.module.eval()(side_of(network.spec).make_inputs(items[:], network.spec)).float()
        for (name, _), answer, length in zip(batch, logits, whole, strict=True):
            note = f"{length:,} tokens; what follows the first {form.size} is cut off" if length > form.size else None
            rows.append(Prediction(name, best_guesses(answer, network.classes, TOP), None, note))
        if tell:
            tell(at + len(batch), len(texts))
    return Predictions(tuple(rows), ())
