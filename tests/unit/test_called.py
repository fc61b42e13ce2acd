"""Packages that are functions too, and what ``import tlviz`` costs."""

from __future__ import annotations

import inspect
import subprocess
import sys
from types import ModuleType

import pytest

import tlviz
from tlviz import ALSO_ROOMS, FUNCTIONS


@pytest.mark.parametrize("name", sorted(ALSO_ROOMS))
def test_a_package_of_a_functions_name_is_both(name: str) -> None:
    found = getattr(tlviz, name)
    assert isinstance(found, ModuleType)
    assert callable(found)
    assert found is sys.modules[f"tlviz.{name}"]
    assert "Return" in found.__doc__ or "Raises" in found.__doc__
    assert "self" not in inspect.signature(found).parameters


def test_a_call_reaches_the_function() -> None:
    assert len(tlviz.runs()) == 0
    with pytest.raises(tlviz.TlvizError, match="epochs is 0"):
        tlviz.finetune(data="photos", epochs=0, progress=False)


def test_a_signature_shows_the_settings_with_their_defaults() -> None:
    parameters = inspect.signature(tlviz.finetune).parameters
    assert parameters["epochs"].default == 10
    assert parameters["batch_size"].annotation is int


def test_every_promised_name_is_there_and_no_other() -> None:
    assert {name for name in dir(tlviz) if name in FUNCTIONS} == set(FUNCTIONS)
    assert all(callable(getattr(tlviz, name)) for name in FUNCTIONS)
    with pytest.raises(AttributeError, match="no attribute 'finetun'"):
        _ = tlviz.finetun


def test_importing_tlviz_is_quick_and_brings_nothing() -> None:
    """Both ways round: the package first, or the function first."""
    program = (
        "import time, sys; before = set(sys.modules); start = time.perf_counter(); import tlviz; "
        "took = time.perf_counter() - start; brought = {n.partition('.')[0] for n in set(sys.modules) - before}; "
        "heavy = brought & {'torch', 'streamlit', 'pandas', 'numpy', 'plotly', 'tqdm'}; "
        "import tlviz.finetune.config as config; from tlviz import finetune; "
        "print(took < 0.1, sorted(heavy), callable(tlviz.finetune), finetune.config is config)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "True [] True True"
