"""A folder that transformers opens by itself, and a graph for any number of texts of any length."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.unit.export.texts.encoder_content import CLASSES, TEXTS, content_of, trained
from tlviz import vision
from tlviz.data.texts.source import TextForm, encode
from tlviz.export.files.content import Content
from tlviz.export.files.table import TEXT_FORMATS, Format
from tlviz.export.files.write import size_of, write_format
from tlviz.models.catalogue import find_model
from tlviz.models.media import side_of


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    folder = tmp_path_factory.mktemp("exported")
    return content_of(trained(folder / "encoder", "bert", mean=True), folder)


def own_logits(content: Content, texts: list[str]) -> torch.Tensor:
    tokens = content.network.spec.tokens
    items, _ = encode(texts, TextForm(64, str(tokens.tokenizer), tokens.pad))
    with torch.no_grad():
        logits: torch.Tensor = content.network.module(
            side_of(content.network.spec).make_inputs(items[:], content.network.spec)
        )
    return logits


def test_transformers_opens_the_folder_and_its_tokenizer(content: Content, tmp_path: Path) -> None:
    path = write_format(content, tmp_path, Format.SAFETENSORS)
    library = vision.transformers()
    network = library.AutoModelForSequenceClassification.from_pretrained(tmp_path, local_files_only=True).eval()
    tokenizer = library.AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    with torch.no_grad():
        found = network(**tokenizer(TEXTS, padding=True, truncation=True, return_tensors="pt")).logits
    assert torch.allclose(found, own_logits(content, TEXTS), atol=2e-5)
    assert tuple(network.config.id2label.values()) == CLASSES
    assert tokenizer.model_max_length == 64
    assert size_of(TEXT_FORMATS[Format.SAFETENSORS], path) > path.stat().st_size


def test_the_folder_and_its_file_are_sources(content: Content, tmp_path: Path) -> None:
    path = write_format(content, tmp_path, Format.SAFETENSORS)
    assert find_model(str(tmp_path)).classes == CLASSES
    again = find_model(str(path))
    assert again.classes == CLASSES
    assert json.loads(again.tokens.config_text)["num_hidden_layers"] == 4


def test_a_graph_takes_any_number_of_texts_of_any_length(content: Content, tmp_path: Path) -> None:
    runtime = pytest.importorskip("onnxruntime")
    path = write_format(content, tmp_path, Format.ONNX)
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (wanted,) = session.get_inputs()
    assert wanted.shape == ["N", "L"]
    tokens = content.network.spec.tokens
    for texts in (TEXTS, TEXTS[3:], ["very " * 90]):
        items, _ = encode(texts, TextForm(64, str(tokens.tokenizer), tokens.pad))
        found = session.run(None, {wanted.name: np.asarray(items[:], np.int64)})[0]
        assert np.allclose(found, own_logits(content, texts).numpy(), atol=1e-4)
