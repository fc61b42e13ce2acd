"""The few lines of Python that load an exported file with plain safetensors and the network's own library."""

from __future__ import annotations

from tlviz.models.build import builder_arguments
from tlviz.models.spec import ModelSpec, Provider, Sizing

_BUILD = {
    Provider.TORCHVISION: (
        "import torchvision",
        'torchvision.models.get_model("{name}", num_classes=len(classes){options})',
    ),
    Provider.TIMM: ("import timm", 'timm.create_model("{name}", num_classes=len(classes){options})'),
}

_SIZE = {Sizing.SIDE: ', {argument}=prep["size"]', Sizing.PAIR: ', {argument}=(prep["size"], prep["size"])'}

_TEMPLATE = """\
import json
import numpy as np
import torch
{library}
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

file = "{file}"
with safe_open(file, "pt") as opened:
    header = opened.metadata()
classes, prep = json.loads(header["classes"]), json.loads(header["preprocessing"])

network = {build}
network.load_state_dict(load_file(file))
network.eval()

picture = Image.open("picture.jpg")
depth = prep.get("depth", {{}})  # of targets with more than 8 bits a value; several bands need another library to open
if depth.get("value_range") and picture.mode[0] in "IF":
    values, (low, high) = np.asarray(picture, np.float64), depth["value_range"]
    missing = ~(abs(values) < 1e30) | (values == depth.get("no_data"))
    scaled = (np.where(missing, high, values).clip(low, high) - low) * 255 / (high - low)
    picture = Image.fromarray(scaled.round().astype(np.uint8))
picture = picture.convert("RGB")
resample = Image.Resampling[prep["interpolation"].upper()]
if prep["fit"] == "pad":  # the whole picture on a white square
    scale = prep["size"] / max(picture.size)
    inner = [max(1, min(prep["size"], round(side * scale))) for side in picture.size]
    square = Image.new("RGB", (prep["size"], prep["size"]), prep["fill"])
    square.paste(picture.resize(inner, resample), [(prep["size"] - side) // 2 for side in inner])
else:  # the centre of the picture
    side = min(picture.size) * prep["crop_fraction"]
    left, top = (picture.width - side) / 2, (picture.height - side) / 2
    square = picture.resize((prep["size"], prep["size"]), resample, box=(left, top, left + side, top + side))
pixels = torch.from_numpy(np.array(square)).permute(2, 0, 1)[None] / 255
mean, std = (torch.tensor(prep[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
with torch.no_grad():
    probabilities = network((pixels - mean) / std).softmax(1)[0]
print(classes[probabilities.argmax()], probabilities.max().item())
"""


def loading_snippet(spec: ModelSpec, file: str) -> str:
    """Return a program that loads an exported file of this network and classifies one picture."""
    library, build = _BUILD[spec.provider]
    fixed = builder_arguments(spec)
    fixed.pop(spec.size_argument, None)
    options = "".join(f", {name}={value!r}" for name, value in fixed.items())
    options += _SIZE.get(spec.sizing, "").format(argument=spec.size_argument)
    return _TEMPLATE.format(library=library, build=build.format(name=spec.architecture, options=options), file=file)
