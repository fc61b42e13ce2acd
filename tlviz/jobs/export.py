"""The job that exports a run: every format written, checked without tlviz, and handed over as a whole."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from tlviz.cores import usable_cores
from tlviz.errors import BadSettingError
from tlviz.export.files.table import FORMATS, Format, parse_formats
from tlviz.export.make_bundle import Wanted, make_bundle
from tlviz.export.run_weights import parse_weights
from tlviz.jobs.job import Job
from tlviz.jobs.progress import Shares, telling
from tlviz.runs.store.folder import RunFolder, find_run
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import summarise

_ODD = 100
"""About how many odd renderings are read beside the validation pictures."""
_WRITING_S = {Format.PT2: 6.0, Format.ONNX: 14.0, Format.ONNX_INT8: 8.0, Format.BACKBONE_ONNX: 10.0}
_START_S = {"predict": 5.0, "predict_onnx": 1.5}
"""Rough seconds on two cores; the pace of what is done corrects them."""
_READING_S, _ANSWER_S = 0.006, 0.012
_LATENCY_S = 3.0


def execute(job: Job, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Export the run ``run`` into the folder ``to`` and return what was made, with its checks.

    Raises ``StoppedEarly`` where it is stopped, which leaves nothing behind, and ``TlvizError``.
    """
    run, wanted = find_run(str(settings["run"])), read_wanted(settings)
    torch.set_num_threads(usable_cores())
    job.tell(Status.RUNNING, "loading the network")
    pace = Shares(expected_shares(run, wanted), time.monotonic())
    made = make_bundle(run, wanted, telling(job, pace))
    return {"status": Status.FINISHED, "run": run.name, "weights": wanted.weights} | made.to_json()


def read_wanted(settings: Mapping[str, Any]) -> Wanted:
    """Read what is wanted from a job's settings.  Raises ``BadSettingError``."""
    if not isinstance(settings.get("to"), str) or not Path(settings["to"]).is_absolute():
        raise BadSettingError("The export's settings name no folder; start it again.")
    return Wanted(
        formats=tuple(parse_formats(",".join(map(str, settings["formats"])))),
        to=Path(settings["to"]),
        weights=parse_weights(str(settings["weights"])),
        zipped=bool(settings["zip"]),
        checked=bool(settings["check"]),
    )


def expected_shares(run: RunFolder, wanted: Wanted) -> dict[str, float]:
    """Return about how many seconds each part of an export takes, in their order."""
    ordered = [form for form in FORMATS if form in wanted.formats]
    shares = {f"writing {FORMATS[form].file}": _WRITING_S.get(form, 0.3) for form in ordered}
    if wanted.checked:
        images = summarise(run).start_event.get("validation_images")
        pictures = (images if isinstance(images, int) else 200) + _ODD
        shares["own answers"] = pictures * (_READING_S + _ANSWER_S)
        for script in dict.fromkeys(FORMATS[form].script for form in ordered):
            if script is None:
                continue
            program = script.value.removesuffix(".py")
            shares[f"{program}, starting"] = _START_S[program]
            shares[f"{program}, reading"] = pictures * _READING_S
            files = [FORMATS[form].file for form in ordered if FORMATS[form].script is script]
            shares |= {f"{program}, {file}": pictures * _ANSWER_S + _LATENCY_S for file in files}
    return shares | ({"packing": 1.0} if wanted.zipped else {})
