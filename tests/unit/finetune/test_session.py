"""A session halts when somebody asks for it, and not before."""

from __future__ import annotations

import pytest
import torch

from tlviz.data.images import ImageSet
from tlviz.data.training.splits import split_images
from tlviz.finetune.config import configure
from tlviz.finetune.session import Halted, Session
from tlviz.models.load import Network


def test_it_halts_where_a_stop_is_asked_for(tiny: Network, colours: ImageSet) -> None:
    answers = iter([False, True])
    config = configure("squeezenet1_1", "clipart", "full", image_size=64)
    split = split_images(colours.labels, colours.parts, 0)
    session = Session(tiny, colours, split, config, torch.device("cpu"), lambda: next(answers))
    session.halt_if_asked()
    with pytest.raises(Halted):
        session.halt_if_asked()
