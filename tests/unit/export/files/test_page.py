"""The web page of a bundle."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.export.files.bundles import CLASSES, content_of, trained
from tlviz.export.files.table import FORMATS, Format
from tlviz.export.files.write import size_of, write_format
from tlviz.models.catalogue import find_model


def test_the_page_holds_the_network_and_its_classes(tmp_path: Path) -> None:
    content = content_of(trained(find_model("test_resnet.r160_in1k"), 64), tmp_path, 64)
    (tmp_path / "out").mkdir()
    page = write_format(content, tmp_path / "out", Format.DEMO)
    text = page.read_text(encoding="utf-8")
    assert "connect-src &#39;none&#39;" in text or "connect-src 'none'" in text
    assert all(json.dumps(name)[1:-1].replace("<", "\\u003c") in text for name in CLASSES)
    assert size_of(FORMATS[Format.DEMO], page) == page.stat().st_size > 3e6
