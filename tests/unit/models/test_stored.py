"""Files of torch.save are checked against their real bytes, and read without their loader where that must be."""

from __future__ import annotations

import argparse
import io
import os
import struct
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.fuzz.checkpoints import pickled_tensor, wrapped
from tlviz.errors import BadWeightsError
from tlviz.models.stored import open_stored, read_promised

TENSORS = {
    "plain": torch.arange(6.0).view(2, 3),
    "turned": torch.arange(6.0).view(2, 3).t(),
    "slice": torch.arange(10)[3:7:2],
    "half": torch.arange(4.0).half(),
    "none": torch.empty(0, 3),
    "one": torch.tensor(7),
    "spread": torch.arange(2.0)[:, None].expand(2, 3),
    "small": torch.ones(3).to(torch.float8_e4m3fn),
}


def saved(path: Path, content: Any, is_zip: bool = True) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=is_zip)
    return path


@pytest.mark.parametrize("is_zip", [True, False])
def test_the_numbers_are_those_of_torch(tmp_path: Path, is_zip: bool) -> None:
    shared = TENSORS | {"shared": TENSORS["plain"][1:]}
    file = open_stored(saved(tmp_path / "a.pt", {"sd": shared, "args": argparse.Namespace(lr=1)}, is_zip))
    assert not file.is_plain
    found = read_promised(file, file.reading.content["sd"])
    for name, value in shared.items():
        assert found[name].dtype == value.dtype
        assert torch.equal(found[name].float(), value.float()), name


@pytest.mark.parametrize("is_zip", [True, False])
def test_a_state_dict_is_plain(tmp_path: Path, is_zip: bool) -> None:
    module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    assert open_stored(saved(tmp_path / "a.pt", {"sd": module.state_dict(), "epoch": 3}, is_zip)).is_plain


def test_a_key_that_would_end_torchs_loader_is_not_plain(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(wrapped(b"\x80\x02})" + b"\x85" * 30_000 + b"Ns."))
    assert not open_stored(tmp_path / "a.pt").is_plain


def test_what_torchs_loader_would_be_made_to_do_is_not_plain(tmp_path: Path) -> None:
    call = b"cbuiltins\nbytearray\n\x8a\x06" + (10**11).to_bytes(6, "little") + b"\x85R"
    (tmp_path / "a.pt").write_bytes(wrapped(b"\x80\x02" + call + b"."))
    assert not open_stored(tmp_path / "a.pt").is_plain


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be read"),
        (b"junk", "cannot be read"),
        (b"PK\x03\x04 and then nothing", "cannot be read"),
        (wrapped(b"\x80\x02" + pickled_tensor((2 * 10**9,), (1,), 2 * 10**9) + b"."), "promises 8,000,000,000 bytes"),
        (wrapped(b"\x80\x02" + pickled_tensor((2 * 10**9,), (1,), 4) + b"."), "lies outside the 4"),
        (wrapped(b"\x80\x02" + pickled_tensor((4,), (1,), 4, key="7") + b"."), "promises 16 bytes for a tensor and"),
        (wrapped(b"\x80\x02N.", extra={"constants.pkl": b""}), "TorchScript"),
        (wrapped(b"\x80\x02N.", extra={"code/a.py": b""}), "TorchScript"),
        (wrapped(b"\x80\x02N.", extra={"DATA.pkl": b""}), "two records of one name"),
        (wrapped(b"\x80\x02N.", extra={"big": bytes(60_000_000)}, method=zipfile.ZIP_DEFLATED), "would grow to"),
        (
            wrapped(b"\x80\x02" + pickled_tensor((2**31,), (1,), 2**31) + b".", is_zip=False),
            "it is cut off or a trap",
        ),
    ],
)
def test_traps_and_damage_are_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a.pt"
    path.write_bytes(content)
    with pytest.raises(BadWeightsError, match=words) as caught:
        open_stored(path)
    assert str(path) in str(caught.value)


def test_a_zip_of_another_program(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("word/document.xml", "x")
    (tmp_path / "a.pt").write_bytes(buffer.getvalue())
    with pytest.raises(BadWeightsError, match=r"none that torch\.save writes"):
        open_stored(tmp_path / "a.pt")


def test_a_cut_off_stream(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pt", {"a": torch.ones(1000)}, is_zip=False)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BadWeightsError, match="cut off"):
        open_stored(path)


def test_a_folder_and_a_pipe_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(BadWeightsError, match="this is not a file"):
        open_stored(tmp_path)
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe.pt")
        with pytest.raises(BadWeightsError, match="this is not a file"):
            open_stored(tmp_path / "pipe.pt")


def test_a_count_in_the_stream_is_not_believed(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pt", {"a": torch.ones(4)}, is_zip=False)
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<q", 4) + struct.pack("<f", 1), struct.pack("<q", 2**40) + bytes(4)))
    with pytest.raises(BadWeightsError, match="promises more numbers"):
        open_stored(path)
