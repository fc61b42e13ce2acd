from __future__ import annotations

from tlviz.runs.launchers.launcher import launcher_of
from tlviz.runs.store.folder import create_run
from tlviz.runs.store.scheduled import Scheduled, write_scheduled


def test_a_run_that_became_a_job_is_of_slurm() -> None:
    run = create_run("finetune", "run", {"model": "squeezenet1_1"})
    assert launcher_of(run) == "local"
    write_scheduled(run.path, Scheduled("slurm", "1", 1.0, "2.0", "/logs"))
    assert launcher_of(run) == "slurm"
