"""An instructor's folder and its targets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlviz.errors import BadLessonError
from tlviz.learn.class_folder import CLASS_FOLDER, checked_folder, class_datasets, class_folder


def test_folders_in_datasets_are_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert class_folder() is None
    assert class_datasets() == {}
    monkeypatch.setenv(CLASS_FOLDER, str(tmp_path))
    assert class_datasets() == {}
    for name in ("leaves", ".hidden"):
        (tmp_path / "datasets" / name).mkdir(parents=True)
    (tmp_path / "datasets" / "note.txt").touch()
    assert class_datasets() == {"leaves": tmp_path / "datasets" / "leaves"}


def test_what_is_no_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadLessonError, match="is not there; set TLVIZ_CLASS"):
        checked_folder(str(tmp_path / "none"))
