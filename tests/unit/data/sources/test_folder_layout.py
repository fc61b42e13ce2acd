"""How folders are understood: a table of layouts with the right reading, question or refusal beside each."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tlviz.data.sources.folder import LIKE_A_PART, FolderIndex, scan_folder
from tlviz.data.sources.reading import Layout, ReadAs
from tlviz.errors import BadDatasetError

AB = "a:1 b:1"

# What is in a folder, each word a file (a-b/1 is short for a/1.png and b/1.png; no ending is .png), and how it is read:
# "part class:count …" for each part.
CLEAR = {
    # one folder a class
    "cat/1 dog/1": "cat:1 dog:1",
    "cat/1 cat/deeper/2 dog/1": "cat:2 dog:1",
    "cat/images/1 dog/images/1": "cat:1 dog:1",
    "cat/batch1/1 cat/batch2/2 dog/batch1/1 dog/batch2/2": "cat:2 dog:2",
    "cat/Bilder/1 dog/photos/1": "cat:1 dog:1",
    "train/1 plane/1 car/1": "car:1 plane:1 train:1",
    "Train/1 Plane/1 Car/1": "Car:1 Plane:1 Train:1",
    "trains/1 planes/1": "planes:1 trains:1",
    "train/1 bus/1": "bus:1 train:1",
    "freight_train/1 toy_train/1 bus/1": "bus:1 freight_train:1 toy_train:1",
    "test_positive/1 test_negative/1": "test_negative:1 test_positive:1",
    "valid/1 invalid/1": "invalid:1 valid:1",
    "valid/1 invalid/1 other/1": "invalid:1 other:1 valid:1",
    "control/1 test/1": "control:1 test:1",
    "with_mask/1 without_mask/1": "with_mask:1 without_mask:1",
    "mask/1 no_mask/1": "mask:1 no_mask:1",
    "original/1 fake/1": "fake:1 original:1",
    "raw/1 cooked/1": "cooked:1 raw:1",
    "original/1 mask/9 hat/1": "hat:1 mask:1 original:1",
    "10/1 9/1 -1/1 1.5/1": "-1:1 1.5:1 10:1 9:1",
    # wrappers
    "data/cat/1 data/dog/1 README.md": "cat:1 dog:1",
    "a/b/c/cat/1 a/b/c/dog/1 a/licence.txt a/b/preview": "cat:1 dog:1",
    "data/train/a-b/1 data/test/a-b/1 README.md": f"train {AB} test {AB}",
    "x/y/Training/a-b/1 x/y/Testing/a-b/1 x/info.csv": f"train {AB} test {AB}",
    "train_test_split/train/a-b/1 train_test_split/test/a-b/1": f"train {AB} test {AB}",
    "test_data/train/a-b/1 test_data/test/a-b/1": f"train {AB} test {AB}",
    "seg_train/seg_train/a-b/1 seg_test/seg_test/a-b/1 seg_pred/seg_pred/1": f"train {AB} test {AB}",
    "train/images/a-b/1 test/images/a-b/1": f"train {AB} test {AB}",
    "asl_alphabet_train/asl_alphabet_train/a-b/1 asl_alphabet_test/asl_alphabet_test/a_test": f"train {AB}",
    # parts by other names
    "train/a-b/1 val/a-b/1 test/a-b/1": f"train {AB} val {AB} test {AB}",
    "Training/a-b/1 Testing/a-b/1": f"train {AB} test {AB}",
    "TRAIN/a-b/1 TEST/a-b/1": f"train {AB} test {AB}",
    "training_set/a-b/1 test_set/a-b/1": f"train {AB} test {AB}",
    "trainset/a-b/1 testset/a-b/1": f"train {AB} test {AB}",
    "TrainSet/a-b/1 ValSet/a-b/1": f"train {AB} val {AB}",
    "Train_data/a-b/1 Validation_data/a-b/1": f"train {AB} val {AB}",
    "train_images/a-b/1 val_images/a-b/1": f"train {AB} val {AB}",
    "01_train/a-b/1 02_val/a-b/1": f"train {AB} val {AB}",
    "1.train/a-b/1 2.test/a-b/1": f"train {AB} test {AB}",
    "dataset-train/a-b/1 dataset-dev/a-b/1": f"train {AB} val {AB}",
    "train2017/a-b/1 val2017/a-b/1": f"train {AB} val {AB}",
    "Train~(1)/a-b/1 Test~(1)/a-b/1": f"train {AB} test {AB}",
    "my.training.data/a-b/1 my.test.data/a-b/1": f"train {AB} test {AB}",
    "flowers_train/a-b/1 flowers_valid/a-b/1 flowers_test/a-b/1": f"train {AB} val {AB} test {AB}",
    "train/a-b/1 holdout/a-b/1": f"train {AB} test {AB}",
    "train/a-b/1 hold_out/a-b/1": f"train {AB} test {AB}",
    "train/a-b/1 evaluation/a-b/1": f"train {AB} val {AB}",
    "training/a-b/1 validation/a-b/1 evaluation/a-b/1": f"train {AB} val {AB} test {AB}",
    "trainval/a-b/1 test/a-b/1": f"train {AB} test {AB}",
    "tr/a-b/1 te/a-b/1": f"train {AB} test {AB}",
    "Training/a-b/1 Test/a-b/1 test-multiple_fruits/1": f"train {AB} test {AB}",
    "Train/a-b/1 train/a-b/2 Test/1": "train a:2 b:2",
    "train_1/a-b/1 train_2/a-b/2 test/a-b/3": f"train a:2 b:2 test {AB}",
    # in other languages
    "Trainingsdaten/a-b/1 Testdaten/a-b/1 Validierungsdaten/a-b/1": f"train {AB} val {AB} test {AB}",
    "Entraînement/a-b/1 Test/a-b/1": f"train {AB} test {AB}",
    "Entrenamiento/a-b/1 Prueba/a-b/1 Validación/a-b/1": f"train {AB} val {AB} test {AB}",
    "treinamento/a-b/1 validação/a-b/1 teste/a-b/1": f"train {AB} val {AB} test {AB}",
    "addestramento/a-b/1 convalida/a-b/1": f"train {AB} val {AB}",
    "zbiór_treningowy/a-b/1 zbiór_testowy/a-b/1": f"train {AB} test {AB}",
    "обучающая_выборка/a-b/1 тестовая_выборка/a-b/1": f"train {AB} test {AB}",
    "eğitim/a-b/1 doğrulama/a-b/1": f"train {AB} val {AB}",
    "训练集/a-b/1 验证集/a-b/1 测试集/a-b/1": f"train {AB} val {AB} test {AB}",
    "学習データ/a-b/1 テストデータ/a-b/1": f"train {AB} test {AB}",
    "훈련/a-b/1 검증/a-b/1": f"train {AB} val {AB}",
    "تدريب/a-b/1 اختبار/a-b/1": f"train {AB} test {AB}",
    # parts inside of classes, and in their names
    "cat/train/1 cat/test/2 dog/train/1 dog/test/2": "train cat:1 dog:1 test cat:1 dog:1",
    "cat/Training/1 cat/Validation/2 dog/Training/1": "train cat:1 dog:1 val cat:1",
    "data/cat/train_images/1 data/cat/test_images/2 data/dog/train_images/1": "train cat:1 dog:1 test cat:1",
    "train_cat/1 train_dog/1 test_cat/2 test_dog/2": "train cat:1 dog:1 test cat:1 dog:1",
    "trainA/1 trainB/1 testA/2 testB/2": f"train {AB} test {AB}",
    "cat/1 cat/val/2 dog/1 dog/val/2": "train cat:1 dog:1 val cat:1 dog:1",
    "cat/1 cat/Test/2 cat/Validation/3 dog/1 dog/Test/2": "train cat:1 dog:1 val cat:1 test cat:1 dog:1",
    # parts that are not whole
    "train/a-b/1 test/1 test/2": f"train {AB}",
    "train/a-b/1 test/unknown/1": f"train {AB}",
    "train/a-b/1 test/images/1 test/images/2": f"train {AB}",
    "train/a-b/1 train/3 val/a/1": f"train {AB} val a:1",
    "train/a-b/1 val/a/2 elsewhere/bird/4": f"train {AB} val a:1",
    "train/a-b/1 test/a-b/1 preview/7": f"train {AB} test {AB}",
    "train/a-b/1 val/A/2 val/B/2": f"train {AB} val {AB}",
    "cat/1 dog/1 test/cat/2 test/dog/2": "cat:1 dog:1 test cat:1 dog:1",
    "chest/train/a-b/1 chest/test/a-b/1 chest/chest/train/a-b/1 chest/chest/test/a-b/1": f"train {AB} test {AB}",
    # masks beside pictures
    "images/cat/1 images/dog/1 masks/cat/1 masks/dog/1": "cat:1 dog:1",
    "cat/images/1 cat/masks/1 dog/images/2 dog/masks/2": "cat:1 dog:1",
    "images/train/a-b/1 images/test/a-b/1 annotations/train/a-b/1 annotations/test/a-b/1": f"train {AB} test {AB}",
    # a target beside something else
    "data/train/a-b/1 data/test/a-b/1 docs/1": f"train {AB} test {AB}",
    "data/train/a-b/1 data/test/a-b/1 docs/figures/1 docs/more/2": f"train {AB} test {AB}",
    "x/data/Training/a-b/1 x/data/Testing/a-b/1 x/models/1 y": f"train {AB} test {AB}",
    # a system's folders
    "cat/1 dog/1 @eaDir/1 @eaDir/cat/1": "cat:1 dog:1",
    "cat/1 dog/1 $RECYCLE.BIN/1 System~Volume~Information/1 lost+found/1": "cat:1 dog:1",
    "cat/1 dog/1 __MACOSX/cat/1 .ipynb_checkpoints/1 Thumbs/1 #recycle/1": "cat:1 dog:1",
    "cat/1 cat/@eaDir/1 dog/1 dog/.thumbnails/2": "cat:1 dog:1",
    "train/a-b/1 test/a-b/1 train/@eaDir/1 @eaDir/a/1 __MACOSX/train/a/1": f"train {AB} test {AB}",
    "data/cat/1 data/dog/1 __MACOSX/data/cat/1": "cat:1 dog:1",
}

# What two readings contradict each other about: the choices, the one in use first.
ASKED = {
    "mammal/cat/1 mammal/dog/1 bird/owl/1 bird/jay/1": "classes leaves",
    "mammal/cat/1 mammal/dog/1 owl/1": "classes leaves parts",
    "labeled/cat/1 labeled/dog/1 unlabeled/1": "classes leaves parts",
    "data/cat/1 data/dog/1 docs/1": "classes leaves parts",
    "animal/mammal/cat/1 animal/mammal/dog/1 plant/tree/oak/1 plant/tree/elm/1": "classes leaves",
    "animal/mammal/cat/1 animal/bird/owl/1 plant/tree/oak/1 plant/moss/x/1": "classes leaves",
    "site_a/x/1 site_a/y/1 site_b/x/1 site_b/y/1": "classes leaves",
    "site_a/0/1 site_a/1/1 site_b/0/1 site_b/1/1": "classes leaves",
    "cat/left/1 cat/right/1 dog/left/1 dog/right/1": "classes leaves",
    "data/site_a/x/1 data/site_a/y/1 data/site_b/x/1 data/site_b/y/1": "classes leaves",
    "imagesTr/a-b/1 imagesTs/a-b/1": "classes leaves",
    "fold1/x/1 fold1/y/1 fold2/x/1 fold2/y/1": "classes leaves",
    "train/freight/1 train/steam/1 car/1 plane/1": "parts classes leaves",
    "train/a/1 train/b/1 extra/a/1 extra/b/1": "parts classes leaves",
    "learned/a/1 learned/b/1 test/a/1 test/b/1": "parts classes leaves",
    "train/1 test/1": "classes",
    "train/1 test/1 val/1": "classes",
    "train/1 test/1 cat/1 dog/1": "classes parts",
    "cat/1 dog/1 test/1": "classes parts",
    "cat/1 dog/1 cat_test/2 dog_test/2": "parts classes",
    "Cat/1 Dog/1 Cat_val/2": "parts classes",
    "cat/1 dog/1 Validation_data/1": "classes parts",
    "cat/1 dog/1 test/x/1 test/y/1": "classes leaves",
    "train/mammal/cat/1 train/mammal/dog/1 train/bird/owl/1 test/mammal/cat/1": "parts leaves",
    "train_cat/1 train_dog/1 test_cat/2 test_fox/2": "classes",
    "lab1/train/a/1 lab1/train/b/1 lab1/test/a/1 lab2/train/a/1 lab2/train/b/1 lab2/test/a/1": "classes leaves",
    "mammal/cat/1 mammal/dog/1 mammal/5 bird/owl/1 bird/jay/1 bird/6": "classes leaves parts",
}

REFUSED = {
    "": "holds no pictures in sub-folders",
    "1 2": "holds no pictures in sub-folders",
    "cat/1": "one class only ('cat')",
    "train/1": "tell no two classes",
    "@eaDir/1 cat/1": "one class only ('cat')",
    "cat/1 @eaDir/1 $RECYCLE.BIN/1": "one class only ('cat')",
    "images/1 images/2 masks/1 masks/2": "pictures in images and what belongs to them in masks",
    "JPEGImages/1 SegmentationClass/1": "pictures in JPEGImages and what belongs to them in SegmentationClass",
    "images/1 ground_truth/1_gt": "pictures in images and what belongs to them in ground_truth",
    "img/1 labels/9": "pictures in img and what belongs to them in labels",
    "inputs/1 outputs/1": "pictures in inputs and what belongs to them in outputs",
    "train/images/1 train/masks/1 test/images/2 test/masks/2": "pictures in images and what belongs to them in masks",
    "train_images/1 train_masks/1": "pictures in train_images and what belongs to them in train_masks",
    "images/1 labels/1.txt labels/2.txt": "2 files of another kind in labels",
    "train/images/1 train/labels/1.txt val/images/1 val/labels/1.txt": "2 files of another kind in labels",
    "images/1 images/2 labels.csv": "if labels.csv says what they are, give that file",
    "train/cat.0 train/dog.0 train.csv": "if train.csv says what they are, give that file",
    "val/a/1 val/b/1 test/a/1 test/b/1": "no training pictures of a, b",
    "test/a/1 test/b/1": "no training pictures of a, b",
    "train/a/1 train/b/1 test/fox/1 test/owl/1": "no training pictures of fox, owl",
}

OF_LAYOUT = {
    ("Training/a/1 Testing/a/1 Training/b/1", Layout.CLASSES): "Testing:1 Training:2",
    ("mammal/cat/1 mammal/dog/1 bird/owl/1", Layout.LEAVES): "cat:1 dog:1 owl:1",
    ("mammal/cat/1 mammal/dog/1 bird/owl/1", Layout.CLASSES): "bird:1 mammal:2",
    ("site_a/x/1 site_a/y/1 site_b/x/1 site_b/y/1", Layout.LEAVES): "x:2 y:2",
    ("site_a/x/1 site_a/y/1 site_b/x/1 site_b/y/1", Layout.PARTS): "x:2 y:2",
    ("train/freight/1 train/steam/1 car/1 plane/1", Layout.PARTS): "train freight:1 steam:1",
    ("train/freight/1 train/steam/1 car/1 plane/1", Layout.CLASSES): "car:1 plane:1 train:2",
    ("learned/a/1 learned/b/1 test/a/1 test/b/1", Layout.PARTS): f"{AB} test {AB}",
    ("cat/1 dog/1 test/1", Layout.PARTS): "cat:1 dog:1",
    ("cat/1 dog/1 test/1", Layout.CLASSES): "cat:1 dog:1 test:1",
    ("train/1 test/1", Layout.CLASSES): "test:1 train:1",
    ("images/1 masks/1", Layout.CLASSES): "images:1 masks:1",
    ("train/mammal/cat/1 train/mammal/dog/1 train/bird/owl/1 test/mammal/cat/1", Layout.LEAVES): (
        "train cat:1 dog:1 owl:1 test cat:1"
    ),
    ("train/mammal/cat/1 train/bird/owl/1 test/mammal/cat/1", Layout.PARTS): "train bird:1 mammal:1 test mammal:1",
    ("lab1/train/a/1 lab1/train/b/1 lab1/test/a/1 lab2/train/a/1", Layout.LEAVES): "train a:2 b:1 test a:1",
    ("cat/train/1 cat/test/2 dog/train/1 dog/test/2", Layout.LEAVES): "train cat:1 dog:1 test cat:1 dog:1",
}


def made(root: Path, words: str) -> Path:
    """Write the empty files of a row below ``root``: nothing is decoded to understand folders."""
    root.mkdir(exist_ok=True)
    for word in words.split():
        for text in [word.replace("a-b", name) for name in "ab"] if "a-b" in word else [word]:
            path = root / text.replace("~", " ")
            path.parent.mkdir(parents=True, exist_ok=True)
            (path if path.suffix in {".txt", ".md", ".csv"} else path.with_name(f"{path.name}.png")).touch()
    return root


def in_short(index: FolderIndex) -> str:
    """Write a reading as the tables do."""
    pairs = Counter((part, index.classes[label]) for part, label in zip(index.parts, index.labels, strict=True))
    said = []
    for part in ("", "train", "val", "test"):
        of_part = [f"{name}:{count}" for (own, name), count in sorted(pairs.items()) if own == part]
        said += ([part] if part and of_part else []) + of_part
    return " ".join(said)


@pytest.mark.parametrize("words", CLEAR)
def test_what_is_clear_is_read_without_a_question(tmp_path: Path, words: str) -> None:
    index = scan_folder(made(tmp_path / "target", words))
    assert index.reading.questions == ()
    assert in_short(index) == CLEAR[words]
    assert index.reading.layout.startswith(f"{len(index.classes)} classes")
    pictures = {path.relative_to(index.root).as_posix() for path in index.root.rglob("*.png")}
    used = {file.relative_to(index.root).as_posix() for file in index.files}
    named = {left.path for left in index.left_out}
    unnamed = {path for path in pictures - used if not any(path == n or path.startswith(f"{n}/") for n in named)}
    assert unnamed == set(), "what is not used is named"
    assert not used & named


@pytest.mark.parametrize("words", ASKED)
def test_what_two_readings_contradict_is_a_question(tmp_path: Path, words: str) -> None:
    index = scan_folder(made(tmp_path / "target", words))
    (question,) = index.reading.questions
    assert question.option == "layout"
    assert " ".join(question.choices) == ASKED[words]
    assert index.reading.used == ReadAs(layout=Layout(question.choices[0]))
    assert "\n" not in question.sentence
    for choice in question.choices:
        settled = scan_folder(index.root, read_as=ReadAs(layout=Layout(choice)))
        assert settled.reading.questions == ()
        assert settled.reading.used.layout == choice


@pytest.mark.parametrize("words", REFUSED)
def test_what_holds_no_classes_is_refused_in_one_sentence(tmp_path: Path, words: str) -> None:
    with pytest.raises(BadDatasetError) as caught:
        scan_folder(made(tmp_path / "target", words))
    assert REFUSED[words] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(("words", "layout"), OF_LAYOUT)
def test_a_person_decides(tmp_path: Path, words: str, layout: Layout) -> None:
    index = scan_folder(made(tmp_path / "target", words), read_as=ReadAs(layout=layout))
    assert in_short(index) == OF_LAYOUT[words, layout]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("cat/1 dog/1", "2 classes, one folder each"),
        ("Training/a-b/1 Testing/a-b/1", "2 classes in the parts train (Training) and test (Testing)"),
        ("train/a-b/1 val/a-b/1 test/a-b/1", "2 classes in the parts train, val and test"),
        ("train/a-b/1", "2 classes in the part train"),
        ("x/data/train/a-b/1", "2 classes in the part train, below x/data"),
        ("cat/train/1 cat/test/1 dog/train/1", "2 classes, one folder each, in them the parts train and test"),
        (
            "cat/1 cat/deeper/2 dog/1",
            "2 classes, one folder each; what is in sub-folders of cat belongs to the same class",
        ),
        (
            "cat/1 dog/1 test/cat/1 test/dog/1",
            "2 classes in folders of their own, with the part test beside them",
        ),
    ],
)
def test_the_reading_is_said_in_words(tmp_path: Path, words: str, said: str) -> None:
    assert scan_folder(made(tmp_path / "target", words)).reading.layout == said


@pytest.mark.parametrize(
    ("words", "left_out"),
    [
        ("cat/1 dog/1 README.md", {"README.md": "not a picture file"}),
        ("cat/1 dog/1 dog/notes.txt", {"dog/notes.txt": "not a picture file"}),
        ("cat/1 dog/1 3", {"3.png": "outside the folders of the classes"}),
        ("cat/1 dog/1 @eaDir/1", {"@eaDir": "a folder of the system, not of pictures"}),
        ("cat/1 dog/1 cat/.hidden/1 cat/.x", {"cat/.hidden": "hidden", "cat/.x.png": "hidden"}),
        ("train/a-b/1 test/1", {"test/1.png": "in the part test, without a class"}),
        ("train/a-b/1 test/unknown/1", {"test/unknown/1.png": "in the part test, without a class"}),
        ("train/a-b/1 train/2", {"train/2.png": "in the part train, without a class"}),
        ("train/a-b/1 test/a-b/1 more/x/1 more/2", {"more": "beside the parts, and not named like one (2 pictures)"}),
        ("cat/images/1 cat/masks/1 dog/2", {"cat/masks": "masks of the pictures in images (one picture)"}),
        ("data/cat/1 data/dog/1 2", {"2.png": "outside the folders of the classes"}),
        ("cat/1 dog/1 fox/x.txt", {"fox/x.txt": "not a picture file", "fox": "holds no pictures"}),
    ],
)  # fmt: skip
def test_what_is_left_out_is_named_with_the_reason(tmp_path: Path, words: str, left_out: dict[str, str]) -> None:
    index = scan_folder(made(tmp_path / "target", words))
    assert {left.path: left.reason for left in index.left_out} == left_out


def test_a_class_of_another_part_that_is_spelled_otherwise_is_told(tmp_path: Path) -> None:
    index = scan_folder(made(tmp_path / "target", "train/Cat/1 train/Dog/1 test/cat/1 test/dog/1"))
    assert in_short(index) == "train Cat:1 Dog:1 test Cat:1 Dog:1"
    assert [Path(problem.path).name for problem in index.problems] == ["cat", "dog"]


def test_classes_that_are_numbers_are_in_the_order_of_their_values(tmp_path: Path) -> None:
    assert scan_folder(made(tmp_path / "target", "10/1 9/1 -1/1 1.5/1")).classes == ("-1", "1.5", "9", "10")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("train/1 plane/1 car/1", ["train"]),
        ("control/1 test/1", ["test"]),
        ("valid/1 invalid/1 other/1", []),
        ("freight_train/1 toy_train/1 bus/1", []),
        ("tr/1 de/1 fr/1", []),
        ("train/a-b/1 test/a-b/1", []),
    ],
)
def test_a_class_named_like_a_part_is_named(tmp_path: Path, words: str, named: list[str]) -> None:
    index = scan_folder(made(tmp_path / "target", words))
    assert [Path(met.path).name for met in index.problems if met.problem == LIKE_A_PART] == named
