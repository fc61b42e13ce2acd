"""The Streamlit app on the command line."""

from __future__ import annotations

import os
import re
import socket
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from tlviz.errors import BadSettingError
from tlviz.home import APP_FOLDER
from tlviz.learn.class_folder import CLASS_FOLDER, checked_folder
from tlviz.program import PROJECTOR

LOCAL = ("localhost", "127.0.0.1", "::1")
"""What ``.streamlit/config.toml`` allows, which a flag replaces."""


def start_app(
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="The port to listen at; by default the first free one from 8501.", show_default=False
        ),
    ] = None,
    headless: Annotated[bool, typer.Option("--headless", "--no-browser", help="Open no browser.")] = False,
    class_of: Annotated[
        Path | None,
        typer.Option(
            "--class",
            metavar="FOLDER",
            help="An instructor's folder with own cards, words.yaml and datasets for the Learn page.",
            show_default=False,
        ),
    ] = None,
    projector: Annotated[bool, typer.Option("--projector", help="Larger type and marks, for a projector.")] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Answer under this name too, such as that of a proxy before the app; can be given several times. "
            "By default only localhost, 127.0.0.1 and [::1].",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Start the app on this machine and open it in the browser; Ctrl-C ends it, running runs go on."""
    names = [_checked(name) for name in allow_host or ()]
    if port is not None and _is_taken(port):
        raise BadSettingError(f"Port {port} is in use; choose another one, or leave --port out for a free one.")
    if class_of is not None:
        os.environ[CLASS_FOLDER] = str(checked_folder(str(class_of)))
    if projector:
        os.environ[PROJECTOR] = "1"
    flags = [f"--server.port={port}"] if port is not None else []
    flags += ["--server.headless=true"] if headless else []
    flags += [f"--server.allowedHosts={name}" for name in ([*LOCAL, *names] if names else [])]
    # By name, as only pages and ui know Streamlit.  It takes its settings from .streamlit beside app.py, wherever it is
    # started.  Its server hands Ctrl-C on after it has ended, which click calls an abortion; here it is the usual end.
    streamlit, abort = import_module("streamlit.web.cli"), import_module("click").Abort
    with suppress(KeyboardInterrupt, abort):
        streamlit.main(["run", str(APP_FOLDER / "app.py"), *flags], prog_name="tlviz app", standalone_mode=False)


def _checked(name: str) -> str:
    """Return a name that a browser may use for this app.  Raises ``BadSettingError`` for an address or a pattern."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?", name):
        raise BadSettingError(
            f"--allow-host is '{name[:80]}'; give a name or an IP address alone, such as tlviz.example.org, without "
            "http:// and port."
        )
    return name.strip("[]")


def _is_taken(port: int) -> bool:
    """Return whether somebody listens at a port of this machine."""
    try:
        with socket.create_connection(("localhost", port), timeout=1):
            return True
    except OSError:
        return False
