"""Requests for a profile are checked and filled in."""

from __future__ import annotations

import pytest

from tlviz.diagnose.request import Request, default_size, make_request
from tlviz.errors import BadSettingError
from tlviz.models.catalogue import find_model


def test_requests_are_checked_and_have_a_default_size() -> None:
    assert make_request("squeezenet1_1", "photos").image_size == 160
    sizes = {"vit_b_16": 160, "vit_h_14": 168, "efficientformer_l1.snap_dist_in1k": 224, "tinynet_e.in1k": 106}
    assert {name: default_size(find_model(name)) for name in sizes} == sizes
    for options, words in (
        ({"image_size": 8}, "image size is 8; it must be between"),
        ({"limit": 3}, "limit is 3; it must be between 20"),
        ({"seed": 2**70}, "it must be between 0 and 4,294,967,295"),
    ):
        with pytest.raises(BadSettingError, match=words):
            make_request("squeezenet1_1", "photos", **options)  # type: ignore[arg-type]
    request = make_request("squeezenet1_1", "photos", seed=3)
    assert Request.from_json(request.to_json() | {"device": "files"}) == request
