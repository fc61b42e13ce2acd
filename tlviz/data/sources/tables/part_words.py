"""The words by which tables and folders name training, validation and test, in several languages."""

from __future__ import annotations

import re
from collections.abc import Collection

_WORDS = {
    "train": (
        "train training trainings trn tr learn learning trainval entrenamiento entraînement entrainement apprentissage "
        "addestramento treino treinamento träning trening обучение обучающая 训练 学習 학습"
    ),
    "val": (
        "val valid validation validate validating dev devel development vl eval evaluation validierung validación "
        "validacion validação validacao convalida valideringen walidacja валидация 验证 驗證 検証 검증"
    ),
    "test": (
        "test testing tests tst te ts holdout heldout prueba pruebas teste testes prüfung pruefung prova тест тестовая "
        "测试 測試 テスト 테스트"
    ),
}  # fmt: skip
_PART = {word: part for part, words in _WORDS.items() for word in words.split()}
_ENDINGS = (
    "dataset", "data", "set", "split", "part", "subset", "images", "image", "samples", "sample", "folder", "fold",
    "list", "phase", "集", "set",
)  # fmt: skip
_SIGNS = re.compile(r"[\W_]+")


def part_of(value: str) -> str | None:
    """Return the part that a value or a folder names, such as Training, TEST, val_set or holdout; None for another."""
    key = _SIGNS.sub("", value.casefold())
    while key not in _PART:
        ending = next((ending for ending in _ENDINGS if key.endswith(ending) and len(key) > len(ending)), None)
        if ending is None:
            return None
        key = key.removesuffix(ending)
    return _PART[key]


def parts_of(values: Collection[str]) -> dict[str, str]:
    """Return {value: part} for those that name one; where something else validates, evaluation is the test."""
    found = {value: part for value in values if (part := part_of(value))}
    evaluation = {value for value in found if value.casefold().startswith("eval")}
    if any(part == "val" for value, part in found.items() if value not in evaluation):
        found |= dict.fromkeys(evaluation, "test")
    return found
