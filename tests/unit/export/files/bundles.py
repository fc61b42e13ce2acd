"""Bundles for tests: of a network whose tensors are nobody else's, and their scripts as modules."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import uuid
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from packaging.requirements import Requirement

from tlviz.export.bundle import bundle_bytes
from tlviz.export.files.content import Content, load_content
from tlviz.finetune.config import configure
from tlviz.models.load import Network, build_for_target
from tlviz.models.spec import ModelSpec

CLASSES = ("ant", "bée/“x”", "cat\udcff")


def trained(spec: ModelSpec, size: int | None = None) -> Network:
    """Return a network for three classes whose tensors are random and whose answers differ between pictures."""
    network = build_for_target(spec, CLASSES, pretrained=spec.bundled, seed=3, size=size)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(5)
        for parameter in network.module.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
        for name, buffer in network.module.named_buffers():
            if name.endswith("running_mean"):
                buffer.add_(0.05 * torch.randn_like(buffer))
    return network


def content_of(network: Network, folder: Path, size: int = 64, **settings: Any) -> Content:
    """Return what is exported of a run with this network on squares of a side, its weights in a file of a folder."""
    config = configure("squeezenet1_1", "photos", "full", image_size=size, **settings)
    weights = folder / f"{uuid.uuid4().hex}.safetensors"
    weights.write_bytes(bundle_bytes(network, config, {"epoch": 3, "val_accuracy": 0.5}))
    return load_content(weights, "run-1")


def as_module(script: Path) -> ModuleType:
    """Import a script of a bundle under a name of its own."""
    name = f"script_{uuid.uuid4().hex}"
    spec = importlib.util.spec_from_file_location(name, script)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def environment(folder: Path, packages: Sequence[str]) -> Path:
    """Make a folder of links to some installed packages and what they need, as a fresh environment would hold them."""
    folder.mkdir(parents=True)
    for name in _closure(packages):
        found = distribution(name)
        for top in {file.parts[0] for file in found.files or () if file.parts[0] not in {"..", "__pycache__"}}:
            target = folder / top
            if not target.exists():
                target.symlink_to(Path(str(found.locate_file(top))))
    return folder


def in_environment(site: Path, script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process that sees one folder of packages and the standard library, and nothing else."""
    program = (
        "import importlib.util, runpy, sys; sys.path.insert(0, sys.argv[1]); sys.argv = sys.argv[2:]\n"
        "assert importlib.util.find_spec('tlviz') is None\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(site), str(script), *arguments],
        cwd=script.parent, capture_output=True, text=True, check=False, encoding="utf-8", env={"PYTHONUTF8": "1"},
    )  # fmt: skip


def _closure(packages: Sequence[str]) -> set[str]:
    seen: set[str] = set()
    waiting = list(packages)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        try:
            wishes = [Requirement(wish) for wish in distribution(name).requires or ()]
        except PackageNotFoundError:
            continue
        seen.add(name)
        waiting += [wish.name for wish in wishes if wish.marker is None or wish.marker.evaluate({"extra": ""})]
    return seen
