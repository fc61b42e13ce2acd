"""A checkpoint is opened by its content, and says what it holds beside its tensors."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.unit.models.served import Planted
from tlviz.errors import BadWeightsError
from tlviz.models.checkpoint_file import open_checkpoint, read_values


@pytest.mark.parametrize("ending", [".safetensors", ".pt", ""])
def test_safetensors_under_any_ending(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    save_file({"w": torch.ones(2)}, path, {"classes": '["a", "b"]', "x": "plain"})
    file = open_checkpoint(path)
    assert (file.hints, file.metadata["x"]) == ({"classes": ["a", "b"], "x": "plain"}, "plain")
    assert torch.equal(read_values(file, file.content)["w"], torch.ones(2))


def test_what_is_not_plain_is_read_by_its_description(tmp_path: Path) -> None:
    torch.save({"sd": {"w": torch.arange(3.0)}, "args": argparse.Namespace(a=1)}, tmp_path / "a.pt")
    file = open_checkpoint(tmp_path / "a.pt")
    assert torch.equal(read_values(file, file.content["sd"])["w"], torch.arange(3.0))
    assert file.left_unread() == "Objects beside the tensors were not opened: argparse.Namespace."
    torch.save({"w": torch.ones(2)}, tmp_path / "b.pt")
    assert open_checkpoint(tmp_path / "b.pt").left_unread() == ""
    torch.save(torch.nn.Linear(2, 2), tmp_path / "c.pt")
    assert "saved whole" in open_checkpoint(tmp_path / "c.pt").left_unread()


def test_calls_of_programs_are_refused_by_name(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2), "x": Planted(tmp_path / "mark")}, tmp_path / "a.pt")
    with pytest.raises(BadWeightsError, match="could run code when opened"):
        open_checkpoint(tmp_path / "a.pt")
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    "content", [b"\x02\0\0\0\0\0\0\0{}", b"\xff" * 7 + b"\x7f{", b"\x10\0\0\0\0\0\0\0" + b"[" * 16, b""]
)
def test_damaged_headers_are_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.safetensors").write_bytes(content)
    try:
        assert open_checkpoint(tmp_path / "a.safetensors").content == {}
    except BadWeightsError as error:
        assert "\n" not in str(error)
