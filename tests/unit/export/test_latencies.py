"""What a format took is known before the next export of the same network."""

from __future__ import annotations

from tlviz.export.checking.verdict import Check, CheckStatus
from tlviz.export.latencies import keep_latencies, known_latencies
from tlviz.home import cache_folder


def check(**latency_ms: float) -> Check:
    return Check(CheckStatus.PASSED, latency_ms={name.strip("_"): value for name, value in latency_ms.items()})


def test_times_are_kept_by_network_size_and_format() -> None:
    keep_latencies("resnet18", 224, {"onnx": check(_1=3.5, _32=40.0), "backbone": check()})
    keep_latencies("resnet18", 224, {"pt": check(_1=4.5)})
    assert known_latencies("resnet18", 224) == {"onnx": {"1": 3.5, "32": 40.0}, "pt": {"1": 4.5}}
    assert known_latencies("resnet18", 96) == {}


def test_a_damaged_memory_is_none() -> None:
    folder = cache_folder("export")
    folder.mkdir(parents=True)
    for content in ("{", '{"resnet18 224": 3}', '{"resnet18 224": {"pt": 1, "onnx": {"1": "x"}}}'):
        (folder / "latencies.json").write_text(content)
        assert not known_latencies("resnet18", 224).get("pt")
