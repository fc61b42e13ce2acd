"""Class names and settings are found beside the tensors, in the spellings that programs use."""

from __future__ import annotations

import argparse
import collections
import io
import pickle
import types
from typing import Any

import numpy as np
import pytest

from tlviz.models.file_hints import class_names, find_class_names, find_flag, find_scaling
from tlviz.models.pickled import read_pickle

NAMES = ("ant", "bee", "cat")


def read(value: Any, protocol: int = 2) -> Any:
    return read_pickle(io.BytesIO(pickle.dumps(value, protocol))).content


@pytest.mark.parametrize(
    "value",
    [
        ["ant", "bee", "cat"],
        ("ant", "bee", " cat "),
        {"ant": 0, "cat": 2, "bee": 1},
        {0: "ant", 2: "cat", 1: "bee"},
        {"0": "ant", "1": "bee", "2": "cat"},
        {"ant": "0", "bee": "1", "cat": "2"},
        collections.OrderedDict(bee=1, ant=0, cat=2),
        collections.defaultdict(int, {"ant": 0, "bee": 1, "cat": 2}),
        {"ant": np.int64(0), "bee": np.int64(1), "cat": np.int64(2)},
        {np.int64(0): "ant"} and [np.str_("ant"), np.str_("bee"), np.str_("cat")],
    ],
)
@pytest.mark.parametrize("protocol", [2, 4])
def test_lists_and_dictionaries_in_both_directions(value: Any, protocol: int) -> None:
    assert class_names(read(value, protocol)) == NAMES


@pytest.mark.parametrize("value", [{"1": 0, "0": 1}, {0: "1", 1: "0"}])
def test_classes_that_are_called_like_numbers(value: Any) -> None:
    assert class_names(read(value)) == ("1", "0")


@pytest.mark.parametrize(
    "value",
    [
        *(None, 3, "ant", [], {}, [1, 2], ["ant", "ant"], ["ant", ""], {"ant": 1, "bee": 2}, {"ant": 0, "bee": 0}),
        *({0: 1}, {"ant", "bee"}, {"ant": 0.5}, {"ant": True}, [["ant"]], {"a": {"b": 0}}),
    ],
)
def test_what_is_no_list_of_names(value: Any) -> None:
    assert class_names(read(value)) == ()


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ({"class_to_idx": {"ant": 0, "bee": 1, "cat": 2}}, "class_to_idx"),
        ({"CLASSES": list(NAMES)}, "CLASSES"),
        ({"meta": {"class names": list(NAMES)}}, "meta.class names"),
        ({"hyper_parameters": {"label_names": list(NAMES)}}, "hyper_parameters.label_names"),
        ({"hyper_parameters": {"config": {"id2label": dict(enumerate(NAMES))}}}, "hyper_parameters.config.id2label"),
        ({"args": argparse.Namespace(classes=list(NAMES))}, "args.classes"),
        ({"args": types.SimpleNamespace(idx_to_class=dict(enumerate(NAMES)))}, "args.idx_to_class"),
        ({"names": dict(enumerate(NAMES))}, "names"),
    ],
)
def test_where_class_names_are_kept(content: Any, where: str) -> None:
    assert list(find_class_names(read(content))) == [(where, NAMES)]


def test_the_plainest_name_comes_first() -> None:
    found = find_class_names(read({"names": ["x", "y"], "class_to_idx": {"b": 0, "a": 1}}))
    assert [where for where, _ in found] == ["class_to_idx", "names"]


def test_flags_and_scaling() -> None:
    content = read({"args": argparse.Namespace(transform_input=False, mean=[0.1, 0.2, 0.3], std=(0.4, 0.5, 0.6))})
    assert find_flag(content, "transform_input") is False
    assert find_scaling(content) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert find_flag(read({"transform_input": 1}), "transform_input") is None
    of_bytes = find_scaling(read({"mean": [127.5, 51.0, 102.0], "std": [51.0] * 3}))
    assert of_bytes == ((0.5, 0.2, 0.4), (0.2, 0.2, 0.2)), "the file's own numbers are for values from 0 to 255"
    assert find_scaling(read({"mean": [102.0] * 3, "std": [1.0] * 3})) == ((0.4,) * 3, (1 / 255,) * 3)
    for odd in ({"mean": [300.0] * 3, "std": [58.0] * 3}, {"mean": [0.5] * 3}, {"mean": 0.5, "std": 0.5}):
        assert find_scaling(read(odd)) is None
