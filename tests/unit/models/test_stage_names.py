"""Stages are called as their library calls its modules, and no two alike."""

from __future__ import annotations

from torch import nn

from tlviz.models.stage_names import name_stages


class Fire(nn.Module):
    """A numbered block of a kind of its own."""


def test_what_all_paths_share_is_left_out_and_a_span_is_joined() -> None:
    blocks = nn.ModuleDict({"blocks": nn.ModuleDict({"low": nn.ReLU(), "mid1": nn.ReLU(), "mid3": nn.ReLU()})})
    ends = [("blocks.low", "blocks.low"), ("blocks.mid1", "blocks.mid3")]
    assert name_stages(blocks, ends) == ["stem", "low", "mid1-3", "head"]


def test_a_span_of_different_words_names_both() -> None:
    module = nn.ModuleDict({"low": nn.ReLU(), "high": nn.ReLU()})
    assert name_stages(module, [("low", "high")]) == ["stem", "low-high", "head"]


def test_numbered_blocks_among_others_are_named_by_their_kind_and_position() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 1), Fire(), nn.MaxPool2d(2), Fire())
    assert name_stages(module, [("1", "1"), ("3", "3")]) == ["stem", "fire2", "fire3", "head"]


def test_no_name_is_given_twice_or_taken_from_stem_and_head() -> None:
    module = nn.ModuleDict({"stem": nn.ReLU(), "head": nn.ReLU()})
    assert name_stages(module, [("stem", "stem"), ("head", "head")]) == ["stem", "stem.2", "head.3", "head"]
