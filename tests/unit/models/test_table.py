"""The generated table says what the pinned libraries say."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from tlviz import vision
from tlviz.errors import UnknownNameError
from tlviz.models import generate
from tlviz.models.catalogue import BUNDLED, MODELS, find_model
from tlviz.models.describe import describe_source, sentence_of, title_of
from tlviz.models.spec import Provider, Sizing
from tlviz.models.table import TABLE, find_architecture, table_versions

ROOT = Path(__file__).resolve().parents[3]


def test_the_table_was_made_for_the_pinned_versions() -> None:
    pinned = dict(line.split("==") for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line)
    assert table_versions() == generate.versions() == {name: pinned[name] for name in ("torchvision", "timm")}


def test_every_torchvision_network_has_every_entry_of_its_weights() -> None:
    models = vision.torchvision().models
    names = models.list_models(module=models)
    assert len(names) == 80
    rows = {
        (spec.architecture, spec.tag): spec
        for spec in MODELS.values()
        if spec.provider is Provider.TORCHVISION and not spec.bundled
    }
    entries = {(name, entry.name.lower()): entry for name in names for entry in models.get_model_weights(name)}
    assert rows.keys() == entries.keys()
    for key, entry in entries.items():
        row, meta, transforms = rows[key], entry.meta, entry.transforms()
        prep = row.preprocessing
        accuracy = meta["_metrics"]["ImageNet-1K"]["acc@1"]
        assert row.url == entry.url
        assert row.parameters == meta["num_params"]
        assert (row.accuracy is None) == math.isnan(accuracy)
        assert row.accuracy is None or row.accuracy == pytest.approx(accuracy / 100)
        assert row.class_count == len(meta["categories"] or ())
        assert row.licence == meta.get("license", "BSD-3-Clause")
        assert (row.recipe, row.gmacs) == (meta["recipe"], meta["_ops"])
        assert row.file_mb == pytest.approx(meta["_file_size"] * 1.048576, abs=0.01)
        assert ([prep.size], prep.interpolation) == (transforms.crop_size, transforms.interpolation.value)
        assert (list(prep.mean), list(prep.std)) == (transforms.mean, transforms.std)
        assert prep.crop_fraction == transforms.crop_size[0] / transforms.resize_size[0]
    for name in set(names) - BUNDLED.keys():
        assert MODELS[name].tag == models.get_model_weights(name).DEFAULT.name.lower()


def test_every_timm_row_is_a_pretrained_network_with_its_own_preprocessing() -> None:
    timm = vision.timm()
    theirs = set(timm.list_models(pretrained=True))
    rows = {name: spec for name, spec in MODELS.items() if spec.provider is Provider.TIMM and not spec.bundled}
    assert rows.keys() <= theirs
    assert all("_enc." in name for name in theirs - rows.keys()), "only encoders without a classifier are left out"
    for name, row in rows.items():
        config = timm.get_pretrained_cfg(name)
        prep = row.preprocessing
        assert (row.hub_id or row.url) == (config.hf_hub_id or config.url)
        assert (prep.size, prep.interpolation) == (min(config.input_size[1:]), config.interpolation)
        assert (prep.mean, prep.std, prep.crop_fraction) == (tuple(config.mean), tuple(config.std), config.crop_pct)
        assert row.class_count in (0, config.num_classes)
        assert row.licence == (config.license or "unknown")


@pytest.mark.parametrize(
    "job",
    [
        ("torchvision", "resnet18"),
        ("torchvision", "vit_b_16"),
        ("torchvision", "maxvit_t"),
        ("torchvision", "inception_v3"),
        ("timm", "convnext_tiny"),
        ("timm", "vit_small_patch14_dinov2"),
        ("timm", "resnet50_clip"),
        ("timm", "halonet26t"),
        ("timm", "regnety_002"),
        ("timm", "mobilenetv3_small_050"),
        ("timm", "efficientformerv2_s0"),
    ],
)
def test_a_sample_made_again_is_the_same(job: tuple[str, str]) -> None:
    again = generate.rows_of((Provider(job[0]), job[1]))
    assert again
    assert [generate.encode_row(row) for row in again] == [generate.encode_row(MODELS[row.name]) for row in again]


@pytest.mark.slow
def test_the_whole_table_made_again_is_the_same() -> None:
    rows = [row for found in generate.all_rows() for row in found]
    assert generate.encode_table(rows) == TABLE.read_bytes()


def test_the_probe_finds_what_architectures_allow() -> None:
    facts = {
        name: (MODELS[name].sizing, MODELS[name].size_argument, MODELS[name].size_step, MODELS[name].min_size)
        for name in ("resnet50", "vit_b_16", "maxvit_t", "swin_t", "vit_small_patch14_dinov2.lvd142m")
    }
    assert facts == {
        "resnet50": (Sizing.FREE, "", 1, 32),
        "vit_b_16": (Sizing.SIDE, "image_size", 16, 32),
        "maxvit_t": (Sizing.PAIR, "input_size", 224, 224),
        "swin_t": (Sizing.FREE, "", 1, 32),
        "vit_small_patch14_dinov2.lvd142m": (Sizing.SIDE, "img_size", 1, 32),
    }
    spec = MODELS["maxvit_t"]
    assert spec.size_keywords(448) == {"input_size": (448, 448)}
    assert (spec.takes(448), spec.takes(256), MODELS["vit_b_16"].takes(40)) == (True, False, False)
    fixed = MODELS["halonet26t.a1h_in1k"]
    assert (fixed.sizing, fixed.takes(fixed.preprocessing.size), fixed.takes(224)) == (Sizing.FIXED, True, False)


def test_names_and_defaults() -> None:
    assert find_model("resnet50") is MODELS["resnet50"]
    assert find_model("vit_small_patch16_224").name == "vit_small_patch16_224.augreg_in21k_ft_in1k"
    assert find_model("squeezenet1_1").bundled
    assert find_model("squeezenet1_1.imagenet1k_v1").url.endswith("squeezenet1_1-b8a52dc0.pth")
    assert find_architecture(Provider.TIMM, "resnet50").architecture == "resnet50"
    with pytest.raises(UnknownNameError, match=r"try one of: resnet50, \S+, \S+\.$"):
        find_model("resnet-50")
    assert len(MODELS) == len(set(MODELS)) == len({spec.title for spec in MODELS.values()})


def test_listing_is_quick_and_imports_neither_torch_nor_timm() -> None:
    code = (
        "import sys, time; begun = time.perf_counter()\n"
        "from tlviz.models.catalogue import MODELS; from tlviz.models.local_weights import available_models\n"
        "count = len(list(MODELS.values())); available_models(); took = time.perf_counter() - begun\n"
        "imported = [name for name in ('torch', 'timm', 'torchvision') if name in sys.modules]\n"
        "import json; print(json.dumps([count, took, imported]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    count, took, imported = json.loads(done.stdout)
    assert (count, imported) == (len(MODELS), [])
    assert took < 1


@pytest.mark.parametrize(
    ("tag", "classes", "words"),
    [
        ("fb_in22k_ft_in1k", 1000, "ImageNet-22k, then ImageNet-1k"),
        ("imagenet1k_swag_e2e_v1", 1000, "Instagram pictures and their hashtags, then ImageNet-1k"),
        ("lvd142m", 0, "LVD-142M without labels"),
        ("a1_in1k", 1000, "ImageNet-1k: 1.28 million photographs of 1,000 kinds of object"),
        ("unheard", 1000, "ImageNet-1k: 1.28 million photographs of 1,000 kinds of object"),
        ("unheard", 0, "data that its page describes"),
    ],
)
def test_sources_in_words(tag: str, classes: int, words: str) -> None:
    assert describe_source(tag, classes) == words


def test_titles_and_sentences() -> None:
    assert title_of("RegNet_Y_1_6GF", "") == "RegNet Y 1.6GF"
    assert title_of("resnet50", "a1_in1k", "ResNet") == "ResNet50 (a1_in1k)"
    assert (
        sentence_of("X", 8, "y", "These use `DeIT\n  <https://x.org>`_'s recipe. And more.")
        == "These use DeIT's recipe."
    )
    assert (
        sentence_of("VisionTransformer", 224, "SA-1B")
        == "Vision Transformer trained on SA-1B, for pictures of 224 x 224 pixels."
    )
