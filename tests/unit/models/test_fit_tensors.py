"""Heads of other names are found, counters and zero biases added, one output becomes two."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tlviz.models.fit_tensors import Fitted, fit_names, two_outputs

PLAN = {
    "conv.weight": torch.empty(4, 3, 1, 1),
    "bn.running_mean": torch.empty(4),
    "bn.num_batches_tracked": torch.tensor(0),
    "fc.weight": torch.empty(2, 4),
    "fc.bias": torch.empty(2),
}
HEAD = {"fc.weight", "fc.bias"}
BODY: dict[str, Tensor] = {
    "conv.weight": torch.ones(4, 3, 1, 1),
    "bn.running_mean": torch.ones(4),
    "bn.num_batches_tracked": torch.tensor(3),
}


def layer(name: str, outputs: int = 7, inputs: int = 4) -> dict[str, Tensor]:
    return {f"{name}.weight": torch.ones(outputs, inputs), f"{name}.bias": torch.ones(outputs)}


def fit(found: dict[str, Tensor], around: dict[str, Tensor] | None = None) -> Fitted:
    return fit_names(found, around or {}, PLAN, HEAD)


@pytest.mark.parametrize("name", ["fc.1", "fc.0", "classifier.1", "head.fc", "classifier", "last_linear", "fc.a.b"])
def test_a_head_of_another_name(name: str) -> None:
    fitted = fit(BODY | layer(name))
    assert fitted.tensors.keys() == PLAN.keys()
    assert fitted.notes == [f"Its head is called '{name}' in the file and 'fc' here."]


@pytest.mark.parametrize("name", ["head", "classifier", "fc", "fc2", "model.head.1", "cls_head", "linear"])
def test_a_head_outside_the_backbone(name: str) -> None:
    fitted = fit(BODY, layer(name) | {"criterion.weight": torch.ones(7), "decoder.weight": torch.ones(5, 9)})
    assert fitted.tensors.keys() == PLAN.keys()


@pytest.mark.parametrize(
    ("found", "around"),
    [
        (BODY | layer("fc.0", 5, 4) | layer("fc.2", 7, 5), {}),  # two layers: the architecture has none such
        (BODY | layer("fc.1", 7, 9), {}),  # of other features
        (BODY | layer("fc.1") | {"extra.weight": torch.ones(1)}, {}),
        (BODY, layer("head") | layer("classifier")),  # two that could be it
        (BODY, layer("projector")),
    ],
)
def test_what_could_be_several_heads_or_none_is_left_alone(found: dict[str, Tensor], around: dict[str, Tensor]) -> None:
    assert "fc.weight" not in fit(found, around).tensors


def test_the_heads_own_name_is_kept() -> None:
    fitted = fit(BODY | layer("fc"), layer("head"))
    assert (fitted.tensors.keys(), fitted.notes) == (PLAN.keys(), [])


def test_counters_start_at_nought_where_there_are_none() -> None:
    body = {name: value for name, value in BODY.items() if "tracked" not in name}
    assert fit(body | layer("fc")).added == {"bn.num_batches_tracked": torch.tensor(0)}


def test_a_head_without_bias_gets_zeros() -> None:
    found = BODY | {"fc.1.weight": torch.ones(7, 4)}
    fitted = fit(found)
    assert fitted.added["fc.bias"].tolist() == [0] * 7
    assert "no bias" in fitted.notes[-1]


@pytest.mark.parametrize("is_rectified", [False, True])
def test_the_softmax_of_two_outputs_is_the_sigmoid_of_one(is_rectified: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    tensors = {"fc.weight": torch.randn(1, 4, generator=generator), "fc.bias": torch.randn(1, generator=generator)}
    features = torch.randn(9, 4, generator=generator)
    two = two_outputs(tensors, HEAD, is_rectified=is_rectified)
    one_logit = features @ tensors["fc.weight"].T + tensors["fc.bias"]
    logits = features @ two["fc.weight"].T + two["fc.bias"]
    if is_rectified:
        one_logit, logits = one_logit.relu(), logits.relu()
    assert torch.allclose(logits.softmax(1)[:, 1:], one_logit.sigmoid(), atol=1e-7)


OWN = layer("fc", 9, 4)


@pytest.mark.parametrize(
    ("found", "around", "doubt"),
    [
        (layer("fc.0", 6, 4) | layer("fc.3", 3, 6), {},
         "a head of 2 layers in a row, 'fc.0' (4 to 6) and 'fc.3' (6 to 3)"),
        (layer("fc.10", 3, 6) | layer("fc.9", 5, 4) | layer("fc.9b", 6, 5), {},
         "a head of 3 layers in a row, 'fc.9' (4 to 5) and 'fc.9b' (5 to 6) and 'fc.10' (6 to 3)"),
        (layer("fc.0", 6, 4) | {"fc.1.weight": torch.ones(6), "fc.1.bias": torch.ones(6)} | layer("fc.3", 3, 6), {},
         "a head of 2 layers in a row, 'fc.0' (4 to 6) and 'fc.3' (6 to 3)"),
        ({}, layer("classifier.0", 6, 4) | layer("classifier.3", 3, 6),
         "a head of 2 layers in a row, 'fc' (4 to 6) and 'classifier.3' (6 to 3)"),
        (OWN, layer("classifier", 3, 9), "a head of 2 layers in a row, 'fc' (4 to 9) and 'classifier' (9 to 3)"),
        (OWN, layer("head", 3, 4), "two layers that may each be its head, 'fc' (4 to 9) and 'head' (4 to 3)"),
        (OWN, {"head.weight": torch.ones(3, 4, 1, 1)},
         "two layers that may each be its head, 'fc' (4 to 9) and 'head' (4 to 3)"),
        (OWN, {}, ""),
        (OWN, layer("projector", 3, 9), ""),
        (layer("fc.1", 3, 4), {}, ""),
        ({}, layer("classifier", 3, 4), ""),
    ],
)  # fmt: skip
def test_more_of_a_head_than_the_architecture_has_is_told(
    found: dict[str, Tensor], around: dict[str, Tensor], doubt: str
) -> None:
    assert fit(BODY | found, around).doubt == doubt
