"""Makes the table of the catalogue: ``python -m tlviz.models.generate``, a few minutes, no connection.

Rows are all classification networks of torchvision with every entry of their weights, and every pretrained network
of timm that answers a batch of pictures with one logit for each class.  Parameters, multiply-adds, tensor names and
the sides that run are found by building and running each architecture on torch's meta device, where tensors have
shapes and no memory; those that cannot run there are left out.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import sys
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from functools import partial
from importlib import import_module
from typing import Any

import torch
from torch import nn

from tlviz import vision
from tlviz.cores import usable_cores
from tlviz.home import write_atomic
from tlviz.models.describe import describe_source, sentence_of, title_of
from tlviz.models.probe import CLASSES, Build, Sides, classifies, fingerprint, gmacs, measure, on_meta, probe_sides
from tlviz.models.spec import ModelSpec, Preprocessing, Provider, size_keywords
from tlviz.models.table import BUNDLED, TABLE

CHUNK = 4
TABLE_FIELDS = tuple(field.name for field in fields(ModelSpec) if field.name not in {"weights", "sha256", "classes"})


def main() -> None:
    """Write the table, reporting progress on standard error."""
    rows: list[ModelSpec] = []
    for done, found in enumerate(all_rows(), 1):
        rows += found
        sys.stderr.write(f"\r{done:,} architectures, {len(rows):,} rows")
    sys.stderr.write("\n")
    write_atomic(TABLE, encode_table(rows))
    TABLE.chmod(0o644)


def torchvision_architectures() -> list[str]:
    """Return the names of torchvision's classification networks."""
    models = vision.torchvision().models
    return [str(name) for name in models.list_models(module=models)]


def timm_architectures() -> list[str]:
    """Return the names of timm's architectures with pretrained weights."""
    return sorted({name.partition(".")[0] for name in vision.timm().list_models(pretrained=True)})


def versions() -> dict[str, str]:
    """Return the versions of the libraries that the rows describe."""
    return {"torchvision": vision.torchvision().__version__.partition("+")[0], "timm": vision.timm().__version__}


def torchvision_rows(architecture: str) -> Iterator[ModelSpec]:
    """Yield a row for each entry of an architecture's weights, the library's default under the bare name."""
    models = vision.torchvision().models
    weights = models.get_model_weights(architecture)
    build = partial(build_torchvision, architecture)
    module = on_meta(build, CLASSES)
    sides: dict[int, Sides] = {}
    for entry in weights:
        preprocessing = _torchvision_preprocessing(entry.transforms())
        side = preprocessing.size
        sides[side] = sides.get(side) or probe_sides(build, side)
        accuracy = entry.meta["_metrics"]["ImageNet-1K"]["acc@1"]
        tag, is_bare = entry.name.lower(), entry is weights.DEFAULT and architecture not in BUNDLED
        source = describe_source(tag, 1000)
        yield ModelSpec(
            name=architecture if is_bare else f"{architecture}.{tag}",
            title=title_of(weights.__name__.removesuffix("_Weights"), "" if is_bare else entry.name),
            provider=Provider.TORCHVISION,
            architecture=architecture,
            tag=tag,
            family=type(module).__module__.rpartition(".")[2],
            sentence=sentence_of(type(module).__name__, side, source, entry.meta["_docs"]),
            parameters=int(entry.meta["num_params"]),
            gmacs=float(entry.meta["_ops"]),
            file_mb=round(entry.meta["_file_size"] * 2**20 / 1e6, 2),
            accuracy=None if math.isnan(accuracy) else round(accuracy / 100, 5),
            recipe=str(entry.meta.get("recipe") or ""),
            licence=str(entry.meta.get("license") or "BSD-3-Clause"),
            source=source,
            class_count=len(entry.meta["categories"] or ()),
            preprocessing=preprocessing,
            keys=fingerprint(module.state_dict()),
            url=entry.url,
            **asdict(sides[side]),
        )


def build_torchvision(architecture: str, class_count: int, **keywords: Any) -> nn.Module:
    """Build an architecture of torchvision without weights."""
    module: nn.Module = vision.torchvision().models.get_model(
        architecture, weights=None, num_classes=class_count, **keywords
    )
    return module


def timm_rows(architecture: str) -> Iterator[ModelSpec]:
    """Yield a row for each pretrained tag of an architecture that answers with a logit for each class."""
    timm = vision.timm()
    sides: dict[int, Sides] = {}
    for name in _tagged(architecture):
        config = timm.get_pretrained_cfg(name)
        build = partial(build_timm, architecture, config.tag or "")
        side = min(config.input_size[1:])
        if side not in sides:
            if not classifies(on_meta(build, CLASSES), side):
                continue
            sides[side] = probe_sides(build, side)
        yield _timm_row(architecture, config, build, sides[side])


def build_timm(architecture: str, tag: str, class_count: int, **keywords: Any) -> nn.Module:
    """Build an architecture of timm as one of its tags wants it, without weights."""
    module: nn.Module = vision.timm().create_model(
        architecture, pretrained=False, pretrained_cfg=tag or None, num_classes=class_count, **keywords
    )
    return module


def encode_table(rows: Iterable[ModelSpec]) -> bytes:
    """Return the table as JSON, a row a line."""
    head = json.dumps({"made_for": versions(), "fields": TABLE_FIELDS})[:-1]
    lines = ",\n".join(encode_row(row) for row in rows)
    return f'{head}, "rows": [\n{lines}\n]}}\n'.encode()


def _tagged(architecture: str) -> list[str]:
    """Return an architecture's pretrained names with their tags, timm's default first."""
    timm = vision.timm()
    names = sorted(timm.list_models(f"{architecture}.*", pretrained=True))
    default = f"{architecture}.{timm.get_pretrained_cfg(architecture).tag}"
    return sorted(names, key=lambda name: name != default)


def encode_row(row: ModelSpec) -> str:
    """Return a row as its line of the table."""
    values = {name: getattr(row, name) for name in TABLE_FIELDS}
    values["preprocessing"] = list(asdict(row.preprocessing).values())
    return json.dumps(list(values.values()), separators=(",", ":"), allow_nan=False)


def rows_of(job: tuple[Provider, str]) -> list[ModelSpec]:
    """Return the rows of one library's architecture."""
    provider, architecture = job
    return list((torchvision_rows if provider is Provider.TORCHVISION else timm_rows)(architecture))


def all_rows() -> Iterator[list[ModelSpec]]:
    """Yield the rows of each architecture of both libraries, made by as many processes as there are cores."""
    jobs = [(Provider.TORCHVISION, name) for name in torchvision_architectures()]
    jobs += [(Provider.TIMM, name) for name in timm_architectures()]
    with multiprocessing.get_context("spawn").Pool(usable_cores(), _quiet) as pool:
        yield from pool.imap(rows_of, jobs, CHUNK)


def _timm_row(architecture: str, config: Any, build: Build, sides: Sides) -> ModelSpec:
    side = min(config.input_size[1:])
    class_count = config.num_classes if config.num_classes in _named_class_counts() else 0
    module = on_meta(build, class_count, **size_keywords(sides.sizing, sides.size_argument, side))
    size = measure(module)
    tag = config.tag or ""
    kind = type(module).__name__
    source = describe_source(tag, class_count)
    hub = f"https://huggingface.co/{config.hf_hub_id}" if config.hf_hub_id else str(config.url)
    return ModelSpec(
        name=f"{architecture}.{tag}" if tag else architecture,
        title=title_of(architecture, tag, kind),
        provider=Provider.TIMM,
        architecture=architecture,
        tag=tag,
        family=type(module).__module__.rpartition(".")[2],
        sentence=sentence_of(kind, side, source),
        parameters=size.parameters,
        gmacs=gmacs(module, side),
        file_mb=size.tensors_mb,
        accuracy=None,
        recipe=config.origin_url or hub,
        licence=config.license or "unknown",
        source=source,
        class_count=class_count,
        preprocessing=Preprocessing(side, config.interpolation, config.mean, config.std, config.crop_pct),
        keys=fingerprint(on_meta(build, CLASSES).state_dict()),
        url="" if config.hf_hub_id else str(config.url),
        hub_id=config.hf_hub_id or "",
        **asdict(sides),
    )


def _torchvision_preprocessing(transforms: Any) -> Preprocessing:
    side, resized = transforms.crop_size[0], transforms.resize_size[0]
    mean, std = tuple(transforms.mean), tuple(transforms.std)
    return Preprocessing(side, transforms.interpolation.value, mean, std, side / resized)


def _named_class_counts() -> set[int]:
    """Return the sizes of the heads whose classes timm can name; any other head makes an embedding."""
    return set(import_module("timm.data.imagenet_info")._NUM_CLASSES_TO_SUBSET)


def _quiet() -> None:
    """Prepare a process that builds: the libraries' warnings are about training, and shapes need no threads."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)


if __name__ == "__main__":
    main()
