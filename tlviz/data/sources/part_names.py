"""Names of training, validation and test parts as people write them, in several languages."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

TRAIN, VAL, TEST = PARTS = ("train", "val", "test")
_WORDS = {
    TRAIN: """train training trained trn trening treningowy treningowe treningowa traning traening
        trainingsdaten lernen lern entrainement apprentissage entrenamiento entreno entrenar aprendizaje
        treino treinamento treinar addestramento allenamento trainen oefenen uczacy uczace uczenie ucenie
        trenink trenovaci treninkova обучение обучающая обучающий обучающие тренировка тренировочная
        тренировочные тренировочный трейн навчання тренувальна egitim koulutus harjoitus opetus tanito
        tanulo treno antrenare antrenament latih latihan pelatihan huanluyen εκπαιδευση ekpaideusi 训练
        訓練 学習 學習 トレーニング 훈련 학습 트레이닝 تدريب التدريب אימון آموزش प्रशिक्षण ฝึก""",
    VAL: """val valid validation validate validating validated vld dev devel development validierung
        validierungs valider validacion validar validacao validazione convalida validatie walidacja
        walidacyjny walidacyjne validace validacni валидация валидационная валидационный валидационные
        проверка проверочная проверочный валідація dogrulama gecerleme validering valideringen validointi validacio
        ellenorzes validare validasi επικυρωση 验证 驗證 検証 バリデーション 검증 تحقق التحقق אימות
        اعتبارسنجی सत्यापन""",
    TEST: """test tests testing tested tst holdout heldout unseen testdaten prufung essai prueba pruebas testeo
        teste testes pruefung prova testowy testowe testowa testovaci тест тестовая тестовый тестовые тестирование
        тестування testi teszt uji pengujian kiemtra δοκιμη 测试 測試 テスト 테스트 시험 اختبار الاختبار
        בדיקה تست आزمون परीक्षण ทดสอบ""",
}
_SHORT = {"tr": TRAIN, "va": VAL, "te": TEST, "ts": TEST}
_EITHER = "eval evaluation evaluating evaluacion avaliacao valutazione evaluasi bewertung оценка 評価 评估 평가"
"""Test where another folder is for validation, else validation."""
_NOISE = """set sets data dataset datasets datas img imgs image images picture pictures pic pics photo photos
        jpg jpeg png sample samples split splits part parts subset folder dir files the of for my new
        final original originals raw all full rgb resized cropped augmented aug processed preprocessed
        clean small large part batch fold examples example labeled labelled class classes daten datensatz
        satz menge bilder donnees jeu ensemble images datos conjunto imagenes dati immagini dados imagens
        dane zbior obrazy sada data veri verisi veriseti seti gorseller данные выборка набор изображения
        картинки дані вибірка 集 数据 數據 数据集 數據集 图片 圖片 图像 圖像 画像 データ データセット 用
        데이터 세트 데이터셋 이미지 بيانات صور"""


def plain(text: str) -> str:
    """Return text without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.category(c).startswith("M")).casefold()


PART_OF_WORD = {plain(word): part for part, words in _WORDS.items() for word in words.split()}
PART_OF_WORD |= {plain(word): VAL for word in _EITHER.split()}
EITHER = frozenset(map(plain, _EITHER.split()))
_QUIET = frozenset(map(plain, _NOISE.split()))
_LONGEST_FIRST = sorted(PART_OF_WORD, key=len, reverse=True)
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")

PART_NAMES = {"train": TRAIN, "training": TRAIN, "val": VAL, "valid": VAL, "validation": VAL, "dev": VAL}
PART_NAMES |= {"test": TEST, "testing": TEST}
"""The plainest names of the parts."""


class PartName(NamedTuple):
    """What a name says: a part, and the words beside it that are no mere filler ("cat" of ``train_cat``)."""

    part: str
    rest: tuple[str, ...]
    is_unsure: bool


def words_of(name: str) -> list[str]:
    """Split a name at separators, capitals and digits into words without case and accents."""
    spaced = _CAMEL.sub(" ", unicodedata.normalize("NFC", name))
    return re.findall(r"[^\W_]+", plain(spaced))


def is_filler(word: str) -> bool:
    """Return whether a word says nothing about what is in a folder: data, images, set, a number."""
    return word in _QUIET or word.isdecimal()


@lru_cache(maxsize=4096)
def part_name(name: str) -> PartName | None:
    """Return what a name says about a part, None where it names none, or training and test at once."""
    words = words_of(name[:200])
    if len(words) == 1 and words[0] in _SHORT:
        return PartName(_SHORT[words[0]], (), is_unsure=False)
    for pair in (("hold", "out"), ("held", "out"), ("huan", "luyen"), ("kiem", "tra")):  # written in two words
        for at in range(len(words) - 1):
            if tuple(words[at : at + 2]) == pair:
                words[at : at + 2] = ["".join(pair)]
                break
    found: list[str] = []
    rest: list[str] = []
    is_unsure = False
    for word in words:
        known = _in_word(word)
        if known is not None:
            found.append(PART_OF_WORD[known])
            is_unsure = is_unsure or known in EITHER
        elif not is_filler(word):
            rest.append(word)
    parts = set(found)
    if parts == {TRAIN, VAL}:
        parts = {TRAIN}  # trainval: both together, as in VOC
    return PartName(parts.pop(), tuple(rest), is_unsure) if len(parts) == 1 else None


@lru_cache(maxsize=65_536)
def _in_word(word: str) -> str | None:
    """Return the word for a part that a word is, or that it is made of with fillers: trainset, imagestrain."""
    if word in PART_OF_WORD:
        return word
    if len(word) > 40 or word.isdecimal():
        return None
    for known in _LONGEST_FIRST:
        if len(known) > 1 and known in word and word != known:
            before, _, after = word.partition(known)
            if _is_filler_run(before) and _is_filler_run(after):
                return known
    return None


def _is_filler_run(text: str) -> bool:
    """Return whether text is made of fillers, a linking letter between them allowed (Trainings-s-daten)."""
    if not text or is_filler(text) or text == "val":
        return True
    return any(
        text.startswith(start) and _is_filler_run(text[len(start) :])
        for start in (*_QUIET, "s", "n")
        if len(start) < len(text) and start
    )
