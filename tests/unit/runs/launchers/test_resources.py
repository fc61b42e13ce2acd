from __future__ import annotations

import pytest

from tlviz.errors import BadSettingError, UnknownNameError
from tlviz.runs.launchers.resources import Resources, read_resources, settings_file


def write(text: str) -> None:
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text(text)


def test_the_file_is_changed_by_what_is_given() -> None:
    assert read_resources() == Resources()
    write('launcher = "slurm"\npartition = "gpu"\ngpus = 1\n[extra]\nqos = "short"\n')
    found = read_resources().changed({"partition": "cpu", "gpus": None, "extra": {"nice": "5"}})
    assert (found.launcher, found.partition, found.gpus, found.extra) == (
        "slurm", "cpu", 1, {"qos": "short", "nice": "5"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("partition = ", "cannot be read"),
        ('launcher = "slrum"', "slurm"),
        ("partitoin = 1", "partition"),
        ("time_min = 0", "time_min is 0"),
        ("gpus = true", "gpus is True"),
        ('partition = "a b"', "partition is 'a b'"),
        ("extra = 3", "extra in"),
        ('[extra]\n"x y" = 1', "no option of sbatch"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(text: str, words: str) -> None:
    write(text)
    with pytest.raises((BadSettingError, UnknownNameError), match=words):
        read_resources()
