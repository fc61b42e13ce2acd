"""What the names of columns say."""

from __future__ import annotations

import pytest

from tlviz.data.sources.tables.words import Meaning, flag_part, is_split_name, label_meaning, named_alike, words_of


@pytest.mark.parametrize("name", ["class_name", "ClassName", "class-name", " class name ", "CLASS_NAME", "class.name"])
def test_words_of_a_name(name: str) -> None:
    assert words_of(name) == ("class", "name")


@pytest.mark.parametrize(
    ("names", "meaning"),
    [
        ("label Class species dx y target diagnosis Klasse étiquette clase true_label Finding_Labels bird_species",
         Meaning.LABEL),
        ("type disease pathology findings grade", Meaning.KIND),
        ("a foo name", Meaning.NOTHING),
        ("sex dx_type localization camera", Meaning.CONTEXT),
        ("labeler labelled_on label_confidence label_score class_weight label_date id width x1 age md5 label_source",
         Meaning.NEVER),
    ],
)  # fmt: skip
def test_what_names_mean(names: str, meaning: Meaning) -> None:
    assert {name: label_meaning(name)[0] for name in names.split()} == dict.fromkeys(names.split(), meaning)


def test_names_of_parts() -> None:
    for name in ("split", "Split", "data set", "Dataset_type", "data_set", "phase", "PARTITION", "usage", "split_1"):
        assert is_split_name(name), name
    for name in ("body part", "settings", "dataset source", "label"):
        assert not is_split_name(name), name


def test_flags_of_parts() -> None:
    flags = {"is_train": "train", "IsTest": "test", "train": "train", "is_training_image": "train", "is_valid": "val",
             "istrain": "train", "trainer": None, "train_time": None, "label": None}  # fmt: skip
    assert {name: flag_part(name) for name in flags} == flags


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Label", "Label"),
        ("label", "Label"),
        (" LABEL ", "Label"),
        ("patient_id", "Patient ID"),
        ("labels", None),
        ("", None),
    ],
)
def test_the_column_that_a_person_means(wanted: str, found: str | None) -> None:
    assert named_alike(wanted, ["Label", "Patient ID", "x", "X"]) == found


def test_a_name_that_may_be_two_is_neither() -> None:
    assert named_alike("A_b", ["a_B", "a_b", "A B"]) is None
