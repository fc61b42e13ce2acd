"""Profiles kept on disk, found again by network, target, size and sample; nothing here needs torch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from tlviz.data.pixels.depth import AS_STORED
from tlviz.data.sample import sample_target
from tlviz.data.sources.target import Target
from tlviz.diagnose.advice import advise
from tlviz.diagnose.records import Profile
from tlviz.diagnose.request import Request
from tlviz.diagnose.worth import summarise_stages
from tlviz.disk_cache import keep_file
from tlviz.home import cache_folder
from tlviz.models.catalogue import find_model
from tlviz.models.local_weights import weights_stamp
from tlviz.small_files import check_types, read_json

KEEP = 200
"""The number of profiles kept; the oldest are deleted first."""
_FORMAT = 3


def find_profile(request: Request) -> Profile | None:
    """Return the profile that was made before of the same network on the same sample, or None.

    Raises what ``sample_target`` raises.
    """
    return load_profile(profile_path(request, sample_target(request.data, request.limit, request.read_as)[0]))


def profile_path(request: Request, sample: Target) -> Path:
    """Return the file of a request's profile: its name changes with the weights, the pictures, labels and settings."""
    settings = [_FORMAT, request.data, request.image_size, request.limit, request.seed, sample.classes]
    decided = [sample.depth.to_json()] if sample.depth != AS_STORED else []  # else profiles of before hold
    digest = hashlib.sha256(json.dumps([weights_stamp(find_model(request.model)), *settings, *decided]).encode())
    for name, label, source in zip(sample.names, sample.labels.tolist(), sample.sources, strict=True):
        digest.update(f"{name}|{label}|{source.stamp}\n".encode(errors="surrogateescape"))
    return cache_folder("profiles") / f"{digest.hexdigest()[:24]}.json"


def load_profile(path: Path) -> Profile | None:
    """Read a profile, its advice by today's rule; None where there is none or it is damaged."""
    try:
        found = Profile.from_json(read_json(path))
        check_types(found)
        advice = advise(found.stages, chance=found.chance, trial=found.rate_trial, has_batchnorm=found.has_batchnorm)
        return replace(
            found,
            advice=advice,
            summary=summarise_stages(found.stages, found.chance, has_batchnorm=found.has_batchnorm),
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def save_profile(path: Path, profile: Profile) -> None:
    """Keep a profile.  Raises ``StorageError``."""
    keep_file(path, json.dumps(profile.to_json(), allow_nan=False).encode(), KEEP)
