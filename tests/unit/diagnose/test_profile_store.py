"""Profiles on disk: found by what decides them, only the sample decoded, damage made good."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.painted import paint
from tlviz.data.sample import sample_target
from tlviz.data.sources.notes import exclude
from tlviz.data.sources.reading import GUESSED, ReadAs
from tlviz.diagnose import profile_store
from tlviz.diagnose.profile import profile_target
from tlviz.diagnose.profile_store import find_profile, load_profile, profile_path, save_profile
from tlviz.diagnose.request import Request, make_request
from tlviz.errors import BadDatasetError
from tlviz.home import cache_folder


def request(target: Path, **options: int) -> Request:
    return make_request("squeezenet1_1", str(target), **({"image_size": 64, "limit": 20} | options))  # type: ignore[arg-type]


def test_only_the_sample_is_decoded_and_the_profile_is_found_again(target: Path) -> None:
    wanted = request(target)
    found = profile_target(wanted)
    assert (found.images, found.available) == (20, 60)
    assert found.notes == ("20 of 60 images were used, the same share of each class.",)
    decoded = [np.load(path, mmap_mode="r").shape for path in cache_folder("images").glob("*/pixels.npy")]
    assert (20, 64, 64, 3) in decoded
    assert (60, 64, 64, 3) not in decoded
    told: list[str] = []
    assert profile_target(wanted, lambda doing, done, total: told.append(doing)) == found == find_profile(wanted)
    assert told == []


def test_what_decides_a_profile_decides_its_file(target: Path) -> None:
    def path(wanted: Request) -> Path:
        return profile_path(wanted, sample_target(wanted.data, wanted.limit)[0])

    first = path(request(target))
    others = [
        *(path(request(target, image_size=96)), path(request(target, seed=1)), path(request(target, limit=40))),
        path(replace(request(target), model="tf_efficientnet_lite0")),
    ]
    assert len({first, *others}) == 5
    picture = target / "cat" / "0.png"
    Image.new("RGB", (9, 9)).save(picture)
    changed = path(request(target))
    exclude(str(target), {str(Path("cat/0.png")): "odd"})
    assert len({first, changed, path(request(target))}) == 3


def test_a_damaged_profile_is_none_and_the_advice_is_by_todays_rule(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = request(target)
    found = profile_target(wanted)
    path = profile_path(wanted, sample_target(wanted.data, wanted.limit)[0])
    values = json.loads(path.read_bytes())
    save_profile(path, replace(found, advice=replace(found.advice, freeze=-7), summary="an older rule's words"))
    assert load_profile(path) == found
    for content in (b"", b"{}", b"[1]", path.read_bytes()[:500], json.dumps(values | {"stages": [1]}).encode()):
        path.write_bytes(content)
        assert load_profile(path) is None
    assert replace(profile_target(wanted), duration_s=found.duration_s) == found
    monkeypatch.setattr(profile_store, "KEEP", 2)
    for at in range(3):
        other = path.with_name(f"{at}.json")
        save_profile(other, found)
        os.utime(other, (at, at))
    save_profile(path, found)
    assert len(list(path.parent.glob("*.json"))) == 2
    assert path.exists()


def test_too_few_images_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for at in range(3):
            paint(at).save(tmp_path / name / f"{at}.png")
    with pytest.raises(
        BadDatasetError, match="at least two classes with 5 images each, test images aside; only 0 of 2"
    ):
        profile_target(request(tmp_path))


def test_a_profile_is_of_deep_pictures_as_they_are_read(target: Path) -> None:
    wanted = request(target)
    paths = [
        profile_path(one, sample_target(one.data, one.limit, one.read_as)[0])
        for one in (wanted, replace(wanted, read_as=GUESSED), replace(wanted, read_as=ReadAs(value_range="0:4095")))
    ]
    assert paths[0] == paths[1] != paths[2]
