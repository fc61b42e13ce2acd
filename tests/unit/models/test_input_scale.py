"""The first BatchNorm tells which pictures a network was trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from tlviz.home import ASSETS
from tlviz.models.input_scale import remembers_rescaling
from tlviz.models.spec import Preprocessing

IMAGENET = Preprocessing(224, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 0.875)


def trained(*, rescales: bool, folder: str = "clipart") -> nn.Module:
    """Return a stem whose statistics are those of other pictures than the ones that are looked at."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 16, 7, 2, bias=False), nn.BatchNorm2d(16, momentum=1.0), nn.ReLU())
    files = sorted((ASSETS / "datasets" / folder).rglob("*.jpg"))[:30]
    pictures = np.stack([np.asarray(Image.open(file).convert("RGB").resize((96, 96))) for file in files])
    pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (IMAGENET.mean, IMAGENET.std))
    network.train()((pixels - 0.5) / 0.5 if rescales else (pixels - mean) / std)
    return network


@pytest.mark.parametrize("folder", ["clipart", "photos"])
@pytest.mark.parametrize("rescales", [True, False])
def test_the_statistics_tell(rescales: bool, folder: str) -> None:
    network = trained(rescales=rescales, folder=folder)
    assert remembers_rescaling(network.state_dict(), network, IMAGENET) is rescales


def test_where_they_do_not_tell(tmp_path: Path) -> None:
    fresh = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4))
    assert remembers_rescaling(fresh.state_dict(), fresh, IMAGENET) is None
    network = trained(rescales=True)
    assert remembers_rescaling(network.state_dict(), network, IMAGENET, tmp_path) is None
    for other in (nn.Sequential(nn.Conv2d(3, 4, 3)), nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4))):
        assert remembers_rescaling(other.state_dict(), other, IMAGENET) is None
