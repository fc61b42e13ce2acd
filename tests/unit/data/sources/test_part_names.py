"""What names say about parts."""

from __future__ import annotations

import pytest

from tlviz.data.sources.part_names import part_name

PARTS = {
    "train": "train", "TRAIN": "train", "Training": "train", "training_set": "train", "trainset": "train",
    "TrainingSet": "train", "Train_data": "train", "traindata": "train", "train_images": "train",
    "imagestrain": "train",
        "01_train": "train", "train2017": "train", "train-v2": "train v", "trainval": "train", "train+val": "train",
    "Trainingsdaten": "train", "Entraînement": "train", "conjunto_de_entrenamiento": "train de",
    "训练集": "train", "训练数据集": "train", "обучающая выборка": "train", "学習用データ": "train",
    "학습데이터": "train",     "cat_train": "train cat", "train_dogs": "train dogs", "trainA": "train a", "tr": "train",
    "val": "val", "Valid": "val", "validation_data": "val", "dev-set": "val", "valset": "val",
    "Validierungsdaten": "val",     "Validación": "val", "验证": "val", "eval": "val", "Evaluation": "val",
    "test": "test", "Testing": "test", "test_set": "test", "Testset": "test", "testdata": "test", "holdout": "test",
    "hold-out": "test", "held_out": "test", "tests": "test", "тест": "test", "テスト": "test",
    "测试集": "test", "te": "test",
}  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_known_by_its_name(name: str) -> None:
    found = part_name(name)
    assert found is not None
    assert " ".join([found.part, *found.rest]) == PARTS[name]


@pytest.mark.parametrize(
    "name",
    ["", "cat", "trainer", "trains", "strain", "contest", "testament", "invalid", "invalidated", "constraint",
     "evaluate_me", "train_test_split", "test_and_train", "validity", "latest", "attestation", "detrain",
     "___", "2017", "x" * 300,
     "restraint", "greatest", "medieval", "retrieval", "interval", "carnival"],
)  # fmt: skip
def test_other_names_name_no_part(name: str) -> None:
    assert part_name(name) is None
