"""The values that name a part."""

from __future__ import annotations

import pytest

from tlviz.data.sources.tables.part_words import part_of, parts_of


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ("train TRAIN Training train_set trainset Train-Data trn training_images entrenamiento 训练集", "train"),
        ("val valid Validation val_set dev eval validation_data 验证", "val"),
        ("test Testing TEST_SET tst holdout hold-out тест", "test"),
    ],
)
def test_words_of_parts(values: str, part: str) -> None:
    assert {value: part_of(value) for value in values.split()} == dict.fromkeys(values.split(), part)


@pytest.mark.parametrize("value", ["Test2", "unused", "extra", "", "trains", "PublicTest", "0", "a", "data", "set"])
def test_other_words(value: str) -> None:
    assert part_of(value) is None


def test_evaluation_is_a_test_beside_a_validation() -> None:
    assert parts_of(["train", "eval"]) == {"train": "train", "eval": "val"}
    assert parts_of(["train", "eval", "dev"]) == {"train": "train", "eval": "test", "dev": "val"}
