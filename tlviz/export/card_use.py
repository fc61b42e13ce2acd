"""How a bundle is used, as its model card says it: for pictures."""

from __future__ import annotations

from tlviz.export.card_facts import CardFacts
from tlviz.export.card_words import markdown
from tlviz.export.files.fitting import without_timm


def use_lines(facts: CardFacts) -> list[str]:
    """Return the lines, as Markdown."""
    programs = [name for name in ("predict.py", "predict_onnx.py") if name in facts.files or not facts.files]
    lines = ["```", "pip install -r requirements.txt", *(f"python {name} picture.jpg" for name in programs), "```", ""]
    if "demo.html" in facts.files:
        lines += ["Or open `demo.html` in a browser and drop pictures on it: nothing leaves the computer.", ""]
    reason = without_timm(facts.source.provider, facts.source.architecture)
    if reason:
        lines.append(markdown(reason))
    else:
        lines += [
            "With timm, `FOLDER` being the folder of this file:",
            "",
            "```python",
            'network = timm.create_model("local-dir:FOLDER", pretrained=True).eval()',
            "```",
            "",
            "`AutoModelForImageClassification.from_pretrained` of transformers opens it, too. Both read pictures in "
            "their own way" + _otherwise(facts) + "; `predict.py` reads them exactly as in training.",
        ]
    if any(name.startswith("adapter/") for name in facts.files):
        lines += [
            "",
            "What LoRA trained is in `adapter/`, for `peft.PeftModel.from_pretrained` over the source with a head for "
            f"{len(facts.header.classes):,} classes; the weights here have it merged in.",
        ]
    if "train.py" in facts.files:
        lines += ["", "`train.py` repeats the training in plain PyTorch: `python train.py PATH_TO_IMAGES`."]
    return lines


def _otherwise(facts: CardFacts) -> str:
    is_padded = facts.header.preprocessing.get("fit") == "pad"
    return ", and fill the border with the mean colour instead of white" if is_padded else ""
