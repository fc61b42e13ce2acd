"""The event file is one that TensorBoard's own format explains, record by record."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event

from tlviz.errors import StorageError
from tlviz.jobs.tensorboard_logger import TensorBoardLogger, scalars

EPOCH = {"epoch": 3, "train_loss": 0.5, "val_loss": 0.75, "val_accuracy": 0.875, "rates": {"head": 0.25}}


def read(path: Path) -> list[Event]:
    """Read TFRecords: length, its checksum, the content, its checksum."""
    content, at, events = path.read_bytes(), 0, []
    while at < len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        events.append(Event.FromString(content[at + 12 : at + 12 + length]))
        at += length + 16
    return events


def test_epochs_are_scalars_at_their_step(tmp_path: Path) -> None:
    logger = TensorBoardLogger(tmp_path)
    logger.close()
    assert not list(tmp_path.iterdir()), "nothing to tell, no file"
    logger.write(EPOCH | {"epoch": 2})
    logger.write(EPOCH)
    logger.close()
    (path,) = tmp_path.glob("events.out.tfevents.*")
    version, first, second = read(path)
    assert version.file_version == "brain.Event:2"
    assert (first.step, second.step) == (2, 3)
    wanted = {"loss/training": 0.5, "loss/validation": 0.75, "accuracy/validation": 0.875, "rate/head": 0.25}
    assert {value.tag: value.simple_value for value in second.summary.value} == wanted == scalars(EPOCH)


def test_a_folder_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="Cannot write"):
        TensorBoardLogger(tmp_path / "gone").write(EPOCH)
