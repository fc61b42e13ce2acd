"""What every architecture of both libraries promises: stages, freezing, splitting, a new head, and no traces left."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from tlviz.finetune.choices import BatchNorm, Tune
from tlviz.finetune.freezing import set_trainable
from tlviz.models.build import build_module
from tlviz.models.catalogue import MODELS, find_model
from tlviz.models.head import head_keys, initialise_head
from tlviz.models.spec import ModelSpec, Provider, Stage
from tlviz.models.split import CannotSplitError, split_network
from tlviz.models.stages import FEWEST_STAGES, MOST_STAGES, derive_stages, owns, picture_sample

LARGE = 120_000_000
"""Networks with more parameters than this are checked by their shapes alone, on the meta device."""
SMALL_SIDE = 96

ORDINARY = (
    *("vgg11_bn", "resnet18", "densenet121", "googlenet", "mobilenet_v3_small", "squeezenet1_1", "shufflenet_v2_x0_5"),
    *("swin_t", "tf_efficientnet_lite0", "deit_tiny_distilled_patch16_224", "convnextv2_atto"),
)
"""Eleven that stand for the rest in the ordinary test command: no two of a kind."""

TIMM = (
    *("vit_small_patch16_224", "swin_tiny_patch4_window7_224", "vit_small_patch14_dinov2"),
    *("resnet26", "resnet50d", "resnetv2_50", "seresnet50", "resnest14d", "regnetx_008", "regnety_016", "repvgg_a0"),
    *("convnext_nano", "convnext_tiny", "convnextv2_nano", "efficientnet_b0", "efficientnet_b3", "tf_efficientnetv2_s"),
    *("mobilenetv2_100", "mobilenetv3_large_100", "mobilenetv4_conv_small", "mobilenetv4_hybrid_medium", "mnasnet_100"),
    *("vit_tiny_patch16_224", "vit_base_patch16_224", "vit_base_patch32_clip_224", "vit_base_patch16_siglip_224"),
    *("deit_small_patch16_224", "deit3_small_patch16_224", "deit_base_distilled_patch16_224"),
    *("vit_small_patch14_reg4_dinov2", "vit_base_patch14_dinov2", "vit_small_patch16_dinov3", "eva02_tiny_patch14_224"),
    *("swin_small_patch4_window7_224", "swinv2_tiny_window8_256", "swinv2_cr_tiny_ns_224", "beit_base_patch16_224"),
    *("maxvit_tiny_tf_224", "coatnet_0_rw_224", "levit_128", "mixer_b16_224", "poolformer_s12", "edgenext_small"),
    *("xcit_nano_12_p16_224", "cait_xxs24_224", "inception_v4", "dpn68", "hrnet_w18", "dla34", "ghostnet_100"),
    *("fastvit_t8", "mobilevit_s", "dm_nfnet_f0", "pvt_v2_b0", "tiny_vit_5m_224", "convit_tiny", "rexnet_100"),
    *("xception41", "focalnet_tiny_srf", "crossvit_9_240", "tresnet_m"),
)

WHOLE = frozenset({"xcit_nano_12_p16_224", "vit_small_patch16_dinov3", "crossvit_9_240"})
"""Where a second value crosses from stage to stage: these run unsplit, and say so."""
FEW = frozenset({"crossvit_9_240"})
"""Two branches side by side to the very end: no place in between that everything passes through."""

TORCHVISION = tuple(dict.fromkeys(s.architecture for s in MODELS.values() if s.provider is Provider.TORCHVISION))


def names() -> Iterator[object]:
    for name in dict.fromkeys([*ORDINARY, *TORCHVISION, *TIMM]):
        yield name if name in ORDINARY else pytest.param(name, marks=pytest.mark.slow)


@dataclass(frozen=True)
class Subject:
    """An architecture under test, small pictures it takes, and whether it has numbers or only shapes."""

    spec: ModelSpec
    module: nn.Module
    stages: tuple[Stage, ...]
    pictures: torch.Tensor
    has_numbers: bool


@pytest.fixture(params=names(), scope="module")
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    spec = find_model(request.param)
    has_numbers = spec.parameters <= LARGE
    side = next((side for side in range(SMALL_SIDE, 2 * SMALL_SIDE) if spec.takes(side)), spec.preprocessing.size)
    torch.manual_seed(0)
    module = build_module(spec, 1000, size=side, initialise=False, device=None if has_numbers else "meta").eval()
    stages = derive_stages(module, picture_sample(side))
    if has_numbers:
        for name, value in module.named_parameters():
            if name in head_keys(module, stages) and value.ndim > 1:
                nn.init.normal_(value)  # some libraries start it at zero, which would make all answers equal
    pictures = torch.randn(2, 3, side, side, device=None if has_numbers else "meta")
    yield Subject(spec, module, stages, pictures.contiguous(memory_format=torch.channels_last), has_numbers)
    gc.collect()


def test_stages_partition_all_tensors_in_order(subject: Subject) -> None:
    tensors = {**dict(subject.module.named_parameters()), **dict(subject.module.named_buffers())}
    owners = {name: [stage.name for stage in subject.stages if owns(stage, name)] for name in tensors}
    assert all(len(stages) == 1 for stages in owners.values())
    assert sum(stage.parameters for stage in subject.stages) == sum(p.numel() for p in subject.module.parameters())
    fewest = 2 if subject.spec.architecture in FEW else FEWEST_STAGES
    assert fewest <= len(subject.stages) <= MOST_STAGES
    assert len({stage.name for stage in subject.stages}) == len(subject.stages)
    assert (subject.stages[0].name, subject.stages[-1].name) == ("stem", "head")
    assert sum(stage.cost_share for stage in subject.stages) == pytest.approx(1)


def test_stages_run_in_their_order(subject: Subject) -> None:
    ran: list[str] = []
    ends = {stage.modules[-1]: stage.name for stage in subject.stages}
    handles = [
        subject.module.get_submodule(path).register_forward_hook(lambda *_, name=name: ran.append(name))
        for path, name in ends.items()
    ]
    with torch.no_grad():
        subject.module(subject.pictures)
    for handle in handles:
        handle.remove()
    assert ran == [stage.name for stage in subject.stages if stage.name in ran]
    assert len(ran) >= len(subject.stages) - 1, "the head may end in the network's own code"


def test_freezing_the_first_leaves_exactly_those_without_gradient(subject: Subject) -> None:
    depth = len(subject.stages) // 2
    set_trainable(subject.module, subject.stages, range(depth), Tune.ALL, BatchNorm.FROZEN)
    frozen = {n for n, _ in subject.module.named_parameters() if any(owns(s, n) for s in subject.stages[:depth])}
    assert {n for n, p in subject.module.named_parameters() if not p.requires_grad} == frozen
    if subject.has_numbers:
        subject.module(subject.pictures).logsumexp(1).sum().backward()
        reached = {n for n, p in subject.module.named_parameters() if p.grad is not None}
        assert not reached & frozen
        for stage in subject.stages[depth:]:
            assert any(owns(stage, name) for name in reached) or not stage.parameters, stage.name
    subject.module.zero_grad(set_to_none=True)
    set_trainable(subject.module, subject.stages, (), Tune.ALL, BatchNorm.FROZEN)
    assert all(p.requires_grad for p in subject.module.parameters())


def test_split_at_every_stage_end_is_the_network_bit_for_bit(subject: Subject) -> None:
    if subject.spec.architecture in WHOLE:
        with pytest.raises(CannotSplitError, match="runs whole"):
            split_network(subject.module, subject.stages, 1)
        return
    with torch.no_grad():
        expected = subject.module(subject.pictures)
        for depth in range(1, len(subject.stages)):
            split = split_network(subject.module, subject.stages, depth)
            answer = split.tail(split.prefix(subject.pictures))
            assert answer.shape == expected.shape
            assert not subject.has_numbers or torch.equal(answer, expected), depth


def test_a_new_head_changes_its_own_tensors_alone(subject: Subject) -> None:
    side = subject.pictures.shape[-1]
    other = build_module(subject.spec, 7, size=side, initialise=False, device="meta")
    stages = derive_stages(other, picture_sample(side))
    before, after = subject.module.state_dict(), other.state_dict()
    assert set(before) == set(after)
    changed = {name for name in before if before[name].shape != after[name].shape}
    assert changed == head_keys(other, stages)
    assert [stage.modules for stage in stages] == [stage.modules for stage in subject.stages]
    initialise_head(other, stages)
    assert other.eval()(subject.pictures.to("meta")).shape == (2, 7)


def hook_count(module: nn.Module) -> int:
    return sum(len(layer._forward_hooks) + len(layer._forward_pre_hooks) for layer in module.modules())


def test_no_traces_are_left(subject: Subject) -> None:
    fresh = build_module(subject.spec, 2, initialise=False, device="meta")
    assert hook_count(subject.module) == hook_count(fresh)
    modes = {name: at % 2 == 0 for at, (name, _) in enumerate(subject.module.named_modules())}
    for name, layer in subject.module.named_modules():
        layer.training = modes[name]
    derive_stages(subject.module, picture_sample(subject.pictures.shape[-1]))
    if subject.spec.architecture not in WHOLE:
        split_network(subject.module, subject.stages, 1)
    assert {name: layer.training for name, layer in subject.module.named_modules()} == modes
    subject.module.eval()
