"""One worker at a time holds the claim on a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tlviz.errors import StorageError
from tlviz.runs.store.worker_lock import claimed


def test_a_claim_is_held_by_one_and_free_again_after_it(tmp_path: Path) -> None:
    with claimed(tmp_path, 0) as first, claimed(tmp_path, 0) as second:
        assert (first, second) == (True, False)
    with claimed(tmp_path, 0) as third:
        assert third


def test_who_had_no_claim_takes_none_away(tmp_path: Path) -> None:
    with claimed(tmp_path, 0):
        with claimed(tmp_path, 0):
            pass
        with claimed(tmp_path, 0) as is_free:
            assert not is_free


def test_a_claim_is_given_back_where_the_work_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), claimed(tmp_path, 0):
        raise ZeroDivisionError
    with claimed(tmp_path, 0) as is_free:
        assert is_free


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="Cannot write"), claimed(tmp_path / "file", 0):
        pass
