"""Fine-tuning on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.called import call


def test_a_folder_with_nothing_in_it_starts_no_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, _, told = call(
        capsys, "finetune", "--model", "squeezenet1_1", "--data", str(tmp_path), "--strategy", "full"
    )
    assert status == 2
    assert "holds no pictures" in told
    assert call(capsys, "runs")[1] == {"runs": [], "left_out": []}
