"""The formats of an export by name: what each is for, which files it writes and where it is written.  No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tlviz.errors import BadSettingError
from tlviz.medium import Medium


class Format(StrEnum):
    """The formats that a run can be written in."""

    SAFETENSORS = "safetensors"
    PT = "pt"
    PT2 = "pt2"
    ONNX = "onnx"
    ONNX_UINT8 = "onnx_uint8"
    SAFETENSORS_FLOAT16 = "safetensors_float16"
    PT_FLOAT16 = "pt_float16"
    ONNX_INT8 = "onnx_int8"
    BACKBONE = "backbone"
    BACKBONE_ONNX = "backbone_onnx"
    DEMO = "demo"
    TRAIN = "train"
    TIMM = "timm"
    ADAPTER = "adapter"


class Script(StrEnum):
    """The scripts of a bundle that read its files."""

    TORCH = "predict.py"
    ONNX = "predict_onnx.py"


@dataclass(frozen=True, slots=True)
class FormatSpec:
    """One format: its title, a sentence on what it is for, the file it writes, and which script reads it.

    ``written_by`` is the module below ``tlviz.export`` and the function in it that writes a ``Content`` into a folder;
    named, not imported, because it needs torch.  ``is_variant`` says that its answers differ from the run's, or that it
    gives none: it is written where somebody asks for it.  ``packages`` are needed to write it, beside what tlviz needs.
    ``unchecked`` says why no program is asked for its answers.  ``beside`` are files that it writes beside its own.
    ``is_exact`` says that torch computes the same steps from it as tlviz does.
    """

    title: str
    sentence: str
    file: str
    written_by: str
    script: Script | None = None
    is_variant: bool = False
    packages: tuple[str, ...] = ()
    unchecked: str = ""
    beside: tuple[str, ...] = ()
    is_exact: bool = True


_FEATURES = "It gives features, not classes, so there are no answers to compare."
_ONNX = ("onnx", "onnxscript")

FORMATS: dict[Format, FormatSpec] = {
    Format.SAFETENSORS: FormatSpec(
        title="safetensors",
        sentence="The weights, with class names, preprocessing and training in the header; tlviz opens it as a source.",
        file="model.safetensors",
        written_by="files.tensors.write_safetensors",
        script=Script.TORCH,
    ),
    Format.PT: FormatSpec(
        title="PyTorch weights",
        sentence="The weights alone, as torch.load reads them, under the names of the network's own library.",
        file="model.pt",
        written_by="files.tensors.write_pt",
        script=Script.TORCH,
    ),
    Format.PT2: FormatSpec(
        title="PyTorch program",
        sentence="The whole network as torch.export has it: torch alone runs it, with any number of pictures at once.",
        file="model.pt2",
        written_by="files.program.write_pt2",
        script=Script.TORCH,
    ),
    Format.ONNX: FormatSpec(
        title="ONNX",
        sentence="The whole network for ONNX Runtime and many other programs; it takes normalised pixels.",
        file="model.onnx",
        written_by="files.graph.write_onnx",
        script=Script.ONNX,
        packages=_ONNX,
    ),
    Format.ONNX_UINT8: FormatSpec(
        title="ONNX from pixels",
        sentence="The same graph with scaling and normalisation inside: it takes square RGB pictures of 8 bits.",
        file="model_uint8.onnx",
        written_by="files.graph.write_uint8",
        script=Script.ONNX,
        packages=_ONNX,
    ),
    Format.SAFETENSORS_FLOAT16: FormatSpec(
        title="safetensors, 16 bits",
        sentence="The weights in half the space, rounded to 16 bits; they are computed with in 32.",
        file="model_float16.safetensors",
        written_by="files.tensors.write_half_safetensors",
        script=Script.TORCH,
        is_variant=True,
    ),
    Format.PT_FLOAT16: FormatSpec(
        title="PyTorch weights, 16 bits",
        sentence="The same for torch.load.",
        file="model_float16.pt",
        written_by="files.tensors.write_half_pt",
        script=Script.TORCH,
        is_variant=True,
    ),
    Format.ONNX_INT8: FormatSpec(
        title="ONNX, 8 bits",
        sentence="The graph with its weights in 8 bits, about a quarter of the size; answers may differ.",
        file="model_int8.onnx",
        written_by="files.graph.write_int8",
        script=Script.ONNX,
        is_variant=True,
        packages=(*_ONNX, "onnxruntime"),
    ),
    Format.BACKBONE: FormatSpec(
        title="Backbone weights",
        sentence="The weights of all stages but the head, under the names of the network's own library.",
        file="backbone.safetensors",
        written_by="files.backbone.write_safetensors",
        is_variant=True,
        unchecked=_FEATURES,
    ),
    Format.BACKBONE_ONNX: FormatSpec(
        title="Backbone as ONNX",
        sentence="The network without its head: features instead of classes, for search, clustering or another head.",
        file="backbone.onnx",
        written_by="files.backbone.write_onnx",
        is_variant=True,
        packages=_ONNX,
        unchecked=_FEATURES,
    ),
    Format.DEMO: FormatSpec(
        title="Web page",
        sentence="One file that classifies pictures in any browser, without a network connection or an installation.",
        file="demo.html",
        written_by="files.page.write_demo",
        packages=_ONNX,
        unchecked="A browser runs it: open it and try a picture. Its network is that of model_uint8.onnx.",
    ),
    Format.TRAIN: FormatSpec(
        title="Training script",
        sentence="One plain PyTorch file that repeats the run without tlviz, and the run's very split.",
        file="train.py",
        written_by="files.repeat.write_train",
        unchecked="It trains a network anew, so it has no answers to compare.",
        beside=("split.json", "start.safetensors"),
    ),
    Format.TIMM: FormatSpec(
        title="timm folder",
        sentence="What timm and transformers need to open the folder by its name.",
        file="config.json",
        written_by="files.elsewhere.write_timm",
        unchecked="It holds no weights: timm and transformers take those of model.safetensors.",
    ),
    Format.ADAPTER: FormatSpec(
        title="LoRA adapter",
        sentence="What LoRA trained, alone, for the peft library; the other files have it merged in.",
        file="adapter",
        written_by="files.elsewhere.write_adapter",
        unchecked="peft puts it on the source's network, and peft is not needed here.",
    ),
}


TEXT_FORMATS: dict[Format, FormatSpec] = {
    Format.SAFETENSORS: FormatSpec(
        title="transformers folder",
        sentence="The weights with configuration, class names and tokenizer: AutoModelForSequenceClassification and "
        "pipeline of transformers open the folder, and so does tlviz as a source.",
        file="model.safetensors",
        written_by="texts.files.write_folder",
        script=Script.TORCH,
        beside=("config.json", "tokenizer.json", "tokenizer_config.json"),
        is_exact=False,
    ),
    Format.ONNX: FormatSpec(
        title="ONNX",
        sentence="The whole network for ONNX Runtime and many other programs; it takes any number of texts of any "
        "length, as the tokenizer's numbers.",
        file="model.onnx",
        written_by="texts.files.write_onnx",
        script=Script.ONNX,
        packages=_ONNX,
    ),
}


def formats_of(medium: Medium) -> dict[Format, FormatSpec]:
    """Return the formats that networks for a medium can have."""
    return TEXT_FORMATS if medium is Medium.TEXTS else FORMATS


def parse_formats(names: str) -> list[Format]:
    """Read a comma-separated list of formats; "all" are those whose answers are the run's, "every" is every one.

    Raises ``BadSettingError`` for one that is not on offer.
    """
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = {form.value: [form] for form in FORMATS} | {"all": usual_formats(), "every": list(FORMATS)}
    if not wanted or set(wanted) - known.keys():
        raise BadSettingError(f"formats is '{names}'; it must be all, every, or one or more of {', '.join(FORMATS)}.")
    return list(dict.fromkeys(form for name in wanted for form in known[name]))


def usual_formats() -> list[Format]:
    """Return the formats whose answers are the run's."""
    return [form for form, spec in FORMATS.items() if not spec.is_variant]


def scripts_for(formats: Sequence[Format]) -> list[Script]:
    """Return the scripts that read some formats."""
    wanted = {FORMATS[form].script for form in formats}
    return [script for script in Script if script in wanted]
