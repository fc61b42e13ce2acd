"""The model card: the hub's own library reads its metadata, and no name breaks it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import ModelCard, metadata_load

from tlviz.data.doctor.findings import Finding, Kind, Report, Severity
from tlviz.export.bundle import Bundle
from tlviz.export.card import card_pictures, licence_of_data, model_card
from tlviz.export.card_facts import CardFacts, card_facts
from tlviz.figures.sprites import from_png
from tlviz.finetune.config import configure
from tlviz.measures.accuracy import standard_error
from tlviz.models.catalogue import find_model
from tlviz.runs.predictions import Answers, write_answers
from tlviz.runs.store.folder import create_run

ODD = ('a "quoted" one', "b/c|d\nnew line", "猫と犬", "x" * 300, "---\n`code` <b>*bold*</b> [a](b) $1$")


def facts(
    classes: tuple[str, ...] = ODD, model: str = "squeezenet1_1", data: str = "clipart", epoch: int = 1
) -> CardFacts:
    """Return what is known of a run that named 30 of 40 validation pictures rightly, and 9 of 10 of the test."""
    settings = configure(model, data, "last_stages", image_size=96)
    run = create_run("finetune", "x", settings.to_json())
    numbers = {"duration_s": 1.0, "images_per_s": 1.0, "val_macro_f1": 0.7}
    begun = {"event": "started", "frozen": ["stem"], "trainable_parameters": 7, "device": "cpu"}
    counts = {"train_images": 80, "validation_images": 40, "test_images": 10}
    events = [
        begun | counts,
        {"event": "epoch", "epoch": 0, "val_accuracy": 0.25, "val_loss": 2.0} | numbers,
        {"event": "epoch", "epoch": 1, "val_accuracy": 0.75, "val_loss": 1.0, "train_accuracy": 0.8} | numbers,
        {"event": "finished", "status": "finished", "duration_s": 2.0, "test_accuracy": 0.9},
    ]
    (run.path / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    labels = np.arange(40, dtype=np.int64) % len(classes)
    logits = np.eye(len(classes), dtype=np.float32)[np.where(np.arange(40) < 30, labels, 0)]
    write_answers(run, Answers(1, classes, tuple(map(str, range(40))), labels, logits))
    training = {"settings": settings.to_json(), "epoch": epoch, "val_accuracy": 0.75 if epoch else 0.25}
    spec = find_model(model)
    header = Bundle(model, spec.provider, classes, {"fit": "pad"}, training)
    return card_facts(run, header, spec, None)


def tables(text: str) -> list[list[str]]:
    """Return the lines of each table of a page."""
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [table for table in found if table]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_the_hub_reads_what_was_measured(tmp_path: Path) -> None:
    text = model_card(facts())
    (tmp_path / "README.md").write_text(text, encoding="utf-8")
    card = ModelCard.load(tmp_path / "README.md")
    assert metadata_load(tmp_path / "README.md") == card.data.to_dict()
    validation, test = card.data.eval_results
    assert (validation.dataset_split, validation.metric_type, validation.metric_value) == (
        "validation",
        "accuracy",
        0.75,
    )
    assert validation.metric_args["standard_error"] == pytest.approx(standard_error(0.75, 40), abs=1e-6)
    assert (test.dataset_split, test.metric_value, test.metric_args["images"]) == ("test", 0.9, 10)
    assert (card.data.license, card.data.library_name) == ("bsd-2-clause", "pytorch")
    assert "75.0% ± 7.4%" in card.text


def test_every_name_stands_in_its_row_of_a_whole_table() -> None:
    card = ModelCard(model_card(facts()))
    for table in tables(card.text):
        assert len({len(cells(line)) for line in table}) == 1, table
    [classes] = [table for table in tables(card.text) if "| class |" in table[0]]
    names = [re.sub(r"\\(.)", r"\1", cells(line)[1]) for line in classes[2:]]
    shown = [name.replace("&lt;", "<").replace("&gt;", ">") for name in names]
    assert shown == [" ".join(name.split()) for name in ODD]
    assert [cells(line)[0] for line in classes[2:]] == list("01234")


@pytest.mark.parametrize("data", ["---", 'a "b": [c', "x" * 300, "猫/犬 | # {}", "\udcff"])
def test_no_name_of_a_folder_breaks_the_metadata(data: str) -> None:
    made = facts()
    odd = made.summary.__class__(
        **{name: getattr(made.summary, name) for name in made.summary.__slots__} | {"data": f"/tmp/{data}"}
    )
    text = model_card(CardFacts(made.run, made.header, made.source, odd, made.answers, None, None))
    card = ModelCard(text)
    assert len(card.data.eval_results) == 2
    assert re.fullmatch(r"[a-z0-9-]+", card.data.eval_results[0].dataset_type)
    text.encode("utf-8")


def test_what_is_not_known_is_said() -> None:
    made = facts()
    assert "it was not asked" in model_card(made)
    assert licence_of_data("/home/me/pictures").startswith("unknown")
    assert licence_of_data("digits") == "BSD-3-Clause (scikit-learn's load_digits)"


def test_other_weights_than_the_best_are_not_given_its_numbers() -> None:
    text = model_card(facts(epoch=0))
    card = ModelCard(text)
    assert [result.metric_value for result in card.data.eval_results] == [0.25], "the test is of the best weights"
    assert "confusion.png" not in text
    assert "the weights of epoch 0, not of the best one (1)" in text


def test_findings_are_told_by_kind_the_worst_first() -> None:
    found = [
        Finding(f"{at}.jpg", kind, f"odd {at} | here", "kept", severity)
        for at, (kind, severity) in enumerate(
            [(Kind.LEAKAGE, Severity.ERROR), (Kind.LEAKAGE, Severity.ERROR), (Kind.TINY, Severity.NOTE)]
        )
    ]
    made = facts()
    report = Report("clipart", made.header.classes, 40, tuple(found), ())
    told = CardFacts(made.run, made.header, made.source, made.summary, made.answers, None, report)
    [table] = [table for table in tables(ModelCard(model_card(told)).text) if table[0].startswith("| what |")]
    assert [cells(line) for line in table[2:]] == [["leakage", "2", r"odd 0 \| here"], ["tiny", "1", r"odd 2 \| here"]]


def test_only_what_timm_builds_is_said_to_open_with_timm() -> None:
    assert "local-dir:" not in model_card(facts())
    assert "there is no config.json" in model_card(facts())
    text = model_card(facts(("a", "b"), model="tf_efficientnet_lite0"))
    assert 'timm.create_model("local-dir:FOLDER", pretrained=True)' in text
    assert ModelCard(text).data.library_name == "timm"


def test_the_pictures_show_the_numbers() -> None:
    pictures = card_pictures(facts(("wwwwwwwwww", "i")))
    confusion, curve = from_png(pictures["confusion.png"]), from_png(pictures["curve.png"])
    assert curve.std() > 0
    room = 24 + 88  # pixels: about what the longer name takes
    below = confusion[-room + 20 :, :, :].astype(int)
    ink = (below.sum(2) < 300).sum(0)
    half = confusion.shape[1] - 24 - 44
    assert ink[half - 44 : half].sum() > 3 * ink[half : half + 44].sum(), "the long name is below the first column"
