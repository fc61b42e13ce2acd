"""The web page of a bundle: the network in a file that any browser opens."""

from __future__ import annotations

from pathlib import Path

from tlviz.data.images import dataset_title
from tlviz.errors import TlvizError
from tlviz.export.demo import demo_html
from tlviz.export.files.content import CannotExportError, Content
from tlviz.export.files.graph import uint8_graph
from tlviz.home import write_text


def write_demo(content: Content, path: Path) -> None:
    """Write ``demo.html``.  Raises ``CannotExportError`` where the network is too large for a page."""
    network, training = content.network, content.header.training
    settings = training.get("settings") or {}
    target = dataset_title(str(settings.get("data", "")))
    accuracy = training.get("val_accuracy")
    reached = f" Validation accuracy {accuracy:.1%}." if isinstance(accuracy, int | float) else ""
    about = f"{network.spec.title}, fine-tuned to tell {len(network.classes):,} classes apart.{reached}"
    try:
        page = demo_html(
            uint8_graph(content).SerializeToString(), network.classes, content.header.preprocessing, target, about
        )
    except CannotExportError:
        raise
    except TlvizError as error:
        raise CannotExportError(str(error)) from error
    write_text(path, page)
