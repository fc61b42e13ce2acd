"""The scripts of a bundle, and the small files that they read: class names, preprocessing, requirements."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from string import Template

from tlviz import __version__
from tlviz.data.as_begun import open_as_begun
from tlviz.data.pixels.ranges import is_deep_file
from tlviz.data.pixels.signatures import picture_format, read_head
from tlviz.errors import TlvizError
from tlviz.export.files import tiff_module
from tlviz.export.files.content import Content, preprocessing
from tlviz.export.files.table import Script
from tlviz.finetune.config import FinetuneConfig
from tlviz.home import write_text
from tlviz.models.build import builder_arguments, can_skip_start
from tlviz.models.spec import ModelSpec, Provider

LABELS = "labels.json"
PREPROCESSING = "preprocessing.json"
REQUIREMENTS = "requirements.txt"
_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
_PACKAGES = {
    Script.TORCH: ("numpy", "pillow", "safetensors", "torch", "torchvision"),
    Script.ONNX: ("numpy", "onnxruntime", "pillow"),
}


@dataclass(frozen=True, slots=True)
class SpecialNeeds:
    """What opens a target's pictures beside Pillow: a package for HEIC, the reader of deep TIFF files."""

    heic: bool = False
    deep_tiff: bool = False


def write_companions(content: Content, folder: Path, scripts: Sequence[Script]) -> list[Path]:
    """Write the scripts and what they read beside them into a folder; return the files."""
    texts = {
        LABELS: json.dumps(list(content.network.classes), ensure_ascii=False, indent=1) + "\n",
        PREPROCESSING: json.dumps(preprocessing(content), ensure_ascii=False, indent=1) + "\n",
    }
    texts |= {script.value: script_text(content, script) for script in scripts}
    if scripts:
        needs = special_needs(content)
        texts[REQUIREMENTS] = requirements_text(content.network.spec, scripts, heic=needs.heic)
        texts |= {tiff_module.NAME: tiff_module.tiff_module()} if needs.deep_tiff else {}
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in texts]


def script_text(content: Content, script: Script) -> str:
    """Return a script that classifies pictures with the files of a run, and needs no tlviz."""
    spec = content.network.spec
    words = {
        "network": spec.architecture,
        "run": content.run,
        "version": __version__,
        "library": spec.provider.value,
        "build": build_call(spec),
        "operators": template("operators").rstrip("\n"),
        "reading": template("reading").rstrip("\n") + "\n",
        "answering": template("answering").rstrip("\n"),
    }
    return Template(template(script.value.removesuffix(".py"))).substitute(words)


def build_call(spec: ModelSpec) -> str:
    """Return the call of the network's own library that builds it, as Python text; ``LABELS`` are its classes."""
    options = builder_arguments(spec) | ({"init_weights": False} if can_skip_start(spec) else {})
    said = "".join(f", {name}={value!r}" for name, value in options.items())
    if spec.provider is Provider.TIMM:
        return f'timm.create_model("{spec.architecture}", num_classes=len(LABELS){said})'
    return f'torchvision.models.get_model("{spec.architecture}", num_classes=len(LABELS){said})'


def requirements_text(spec: ModelSpec, scripts: Sequence[Script], *, heic: bool = False) -> str:
    """Return what the scripts need, in the versions that are installed here; ``heic`` where they get such pictures."""
    lines = ["# both scripts, for the HEIC pictures of the target", f"pi-heif=={installed('pi-heif')}"] if heic else []
    for script in scripts:
        library = ("timm",) if script is Script.TORCH and spec.provider is Provider.TIMM else ()
        packages = sorted((*_PACKAGES[script], *library))
        lines += [f"# {script.value}: {', '.join(packages)}", *(f"{name}=={installed(name)}" for name in packages)]
    return "\n".join(dict.fromkeys(lines)) + "\n"


def special_needs(content: Content) -> SpecialNeeds:
    """Return what the pictures of a run's target need beside Pillow; nothing where the target is no longer here."""
    header, depth = content.header, content.geometry.depth
    config = FinetuneConfig.from_json(header.training.get("settings") or {})
    try:
        sources = open_as_begun(config.data, config.read_as, header.classes).sources
    except TlvizError:
        return SpecialNeeds()
    paths = [source.path for source in sources if source.path is not None]
    kinds = [picture_format(read_head(path)) for path in paths]
    deep = (kind == "TIFF" and is_deep_file(path, depth) for path, kind in zip(paths, kinds, strict=True))
    return SpecialNeeds("HEIF" in kinds, any(deep))


def installed(package: str) -> str:
    """Return the version of a package here, as the package index has it."""
    return version(package).partition("+")[0]  # 2.13.0+cpu is torch 2.13.0, built for this machine


def template(name: str) -> str:
    """Return a part of the scripts as it is written."""
    return (_TEMPLATES / f"{name}.py.txt").read_text(encoding="utf-8")
