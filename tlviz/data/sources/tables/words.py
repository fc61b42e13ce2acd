"""What the name of a column says: its words, and which of them mean labels, paths, parts or something else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import IntEnum

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[^\W\d_]+|\d+")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


LABELS = _set(
    "label labels class classes classid classname labelname category categories categoryid target targets species "
    "breed breeds diagnosis diagnoses dx klasse klassen kategorie diagnose art rasse sorte classe clase clases "
    "étiquette etiquette etiqueta etichetta catégorie categorie categoría categoria espèce espece especie specie raza "
    "diagnostic diagnóstico diagnostico diagnosi étiquettes etiquetas klass etikett kategori klasa etykieta gatunek "
    "soort класс метка категория вид диагноз 标签 类别 類別 类 分类 ラベル クラス カテゴリ 분류 라벨 클래스"
)
"""Words that mean the classes."""
KINDS = _set(
    "type kind disease diseases pathology finding findings grade severity tag tags genus family variety cultivar "
    "emotion expression condition outcome result truth gt groundtruth annotation object animal plant level subtype "
    "stage typ tipo malattia maladie enfermedad krankheit болезнь 病害 病"
)
"""Words that may mean the classes."""
HARMLESS = _set("name names text string str image img picture photo true my final gt value values title desc")
"""Words beside one for classes that change nothing."""
CODES = _set("id ids idx index code codes num number no nr encoded int key ordinal onehot 编号")
"""Words that make of a class its number."""
AGAINST = _set(
    "by on at er date time timestamp confidence conf score scores prob probs probability probabilities certainty "
    "uncertainty weight weights count counts source sources version method methods quality note notes comment comments "
    "hash md md5 sha uuid url urls link links verified reviewed review agreement status labeler labeller "
    "labelled labeled labeling labelling annotator annotators rater raters grader expert classifier votes vote num n "
    "loss entropy area length distance super supercategory superclass coarse parent pred predicted prediction "
    "confirm confirmed confirmation reason who when author user created updated modified"
)
"""Words beside one for classes that make of it something about the label."""
NEVER = _set(
    "width height w h size x y x1 x2 y1 y2 xmin xmax ymin ymax bbox bboxes box boxes roi lat lon latitude longitude "
    "age ages date datetime time timestamp year month day hour depth channels pixels bytes filesize area perimeter "
    "confidence conf score prob probability hash md md5 sha uuid url urls link email id ids index idx serial "
    "number row rows frame seed phone zip license licence copyright fold folds kfold"
)
"""Words of a name that never means classes where there is anything else."""
CONTEXT = _set(
    "sex gender race ethnicity site location localization localisation place country city region state hospital center "
    "centre clinic institution doctor physician operator observer photographer camera device scanner sensor lens "
    "manufacturer modality view position projection orientation side laterality eye anatom anatomic anatomical organ "
    "season weather daytime lighting light illumination background format extension mode batch session visit source "
    "origin dataset set split group grp mag magnification zoom resolution quality brightness scan slide series study "
    "patient subject person user lesion case video clip scene domain environment folder directory dir path"
)
"""Words that say how a picture was made rather than what it shows."""
PATHS = _set(
    "path paths file files filename filenames filepath filepaths fname fn image images img imgs picture pictures photo "
    "photos pic pics jpg jpeg png bild bilder bilddatei datei dateiname pfad imagen imágenes imagem foto fotos archivo "
    "fichier chemin ruta percorso immagine plik obraz файл путь изображение картинка 图片 图像 文件 文件名 路径 画像 "
    "ファイル 이미지 파일 relpath abspath uri"
)
"""Words that mean the pictures' files."""
MASKS = _set(
    "mask masks seg segs segmentation segmentations roi rois annotation annotations groundtruth gt label labels depth "
    "thumb thumbs thumbnail thumbnails preview overlay heatmap contour edge edges alpha matte xml json crop cropped "
    "superpixels superpixel trimap trimaps"
)
"""Words that mean a picture about another picture."""
SPLITS = _set(
    "split splits partition partitions subset subsets usage phase set sets dataset datasets part parts fold purpose "
    "trainvaltest traintest traintestsplit datasplit datatype datasettype aufteilung teilmenge partición particion jeu "
    "выборка 划分 数据集 集合 分割"
)
"""Words that mean training, validation and test."""
_BESIDE_SPLITS = _set("data type name train test val valid validation default official ml cv the image img group grp")
GROUPS = _set(
    "patient patients patientid subject subjects subjectid person persons personid participant participants case cases "
    "caseid lesion lesions lesionid individual animalid specimen specimenid slide slideid wsi study studyid exam video "
    "videoid clip sequence seq series scan scanid session burst scene tracklet track household donor pat proband "
    "probandin paciente paziente пациент 患者 病人"
)
"""Words that mean what several pictures can be of."""


class Meaning(IntEnum):
    """How much a column's name says that it holds the classes, the most last."""

    NEVER = 0
    CONTEXT = 1
    NOTHING = 2
    KIND = 3
    LABEL = 4


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a column's name in lower case: ClassName, class_name and class-name are alike."""
    return tuple(_WORD.findall(_CAMEL.sub(" ", name).casefold()))


def is_any(name: str, words: frozenset[str]) -> bool:
    """Return whether one of a name's words, or all together, is one of these."""
    own = words_of(name)
    return any(word in words for word in own) or "".join(own) in words


def is_heading(cells: Sequence[str]) -> bool:
    """Return whether cells are names of columns rather than values: one means paths, labels or parts."""
    known = LABELS | PATHS | SPLITS | _set("id image id imageid")
    return any(own and all(word in known | CODES | HARMLESS for word in own) for own in map(words_of, cells))


def label_meaning(name: str) -> tuple[Meaning, int]:
    """Return how much a name says that a column holds the classes, and 2 for exactly, 1 for a number of it, else 0."""
    own = words_of(name)
    if not own:
        return Meaning.NOTHING, 0
    joined = "".join(own)
    for meaning, known in ((Meaning.LABEL, LABELS | {"y"}), (Meaning.KIND, KINDS)):
        hit = [word for word in own if word in known] or ([joined] if joined in known else [])
        if not hit:
            continue
        rest = [word for word in own if word not in known and word not in HARMLESS]
        if own == ("y",) or not rest or joined in known:
            return meaning, 1 if joined.endswith("id") and len(joined) > 2 else 2
        if all(word in CODES for word in rest):
            return meaning, 1
        if any(word in AGAINST for word in rest):
            return Meaning.NEVER, 0
        if meaning is Meaning.LABEL and own[-1] in {"type", "typ", "tipo", "kind"}:
            return Meaning.CONTEXT, 0  # how the label came about
        if meaning is Meaning.LABEL and "y" in hit:
            continue
        if meaning is Meaning.KIND and any(word in CONTEXT | NEVER for word in rest):
            return Meaning.CONTEXT, 0
        return meaning, 0
    if any(word in NEVER or word in AGAINST or word in CODES for word in own):
        return Meaning.NEVER, 0
    return (Meaning.CONTEXT if any(word in CONTEXT for word in own) else Meaning.NOTHING), 0


def is_split_name(name: str) -> bool:
    """Return whether a column is called like parts: split, dataset, data set, Dataset_type, partition."""
    own = words_of(name)
    joined = "".join(own)
    if joined in SPLITS or joined in {"datatype", "traintest", "trainvaltest", "testtrain"}:
        return True
    return any(word in SPLITS for word in own) and all(
        word in SPLITS or word in _BESIDE_SPLITS or word.isdigit() for word in own
    )


def flag_part(name: str) -> str | None:
    """Return the part that a yes-or-no column names: is_train, test, IsTraining, is_valid; None for another name."""
    own = [word for word in words_of(name) if word not in {"is", "in", "img", "image", "set", "split", "for", "data"}]
    own = [word[2:] if word.startswith("is") else word for word in own]
    flags = {
        "train": "train", "training": "train", "trainset": "train", "trn": "train", "test": "test", "testing": "test",
        "testset": "test", "tst": "test", "holdout": "test", "val": "val", "valid": "val", "validation": "val",
        "dev": "val",
    }  # fmt: skip
    return flags.get(own[0]) if len(own) == 1 else None


def named_alike(wanted: str, names: Iterable[str]) -> str | None:
    """Return the name that a person means: exactly, else but for case and blanks, else but for signs between words."""
    known = list(names)
    if wanted in known:
        return wanted
    for likeness in (lambda name: name.strip().casefold(), words_of):
        alike = [name for name in known if likeness(name) == likeness(wanted)]
        if len(alike) == 1 and likeness(wanted):
            return alike[0]
    return None
