"""The Streamlit app on the command line."""

from __future__ import annotations

import socket
from importlib import import_module
from typing import Annotated

import typer

from tlviz.errors import BadSettingError
from tlviz.home import APP_FOLDER


def start_app(
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="The port to listen at; by default the first free one from 8501.", show_default=False
        ),
    ] = None,
    headless: Annotated[bool, typer.Option("--headless", "--no-browser", help="Open no browser.")] = False,
) -> None:
    """Start the app on this machine and open it in the browser; Ctrl-C ends it, running runs go on."""
    if port is not None and _is_taken(port):
        raise BadSettingError(f"Port {port} is in use; choose another one, or leave --port out for a free one.")
    flags = [f"--server.port={port}"] if port is not None else []
    flags += ["--server.headless=true"] if headless else []
    # By name, as only pages and ui know Streamlit.  In this process: Ctrl-C and the exit status are Streamlit's own on
    # every system.  It takes its settings from .streamlit beside app.py, wherever it is started.
    streamlit = import_module("streamlit.web.cli")
    streamlit.main(["run", str(APP_FOLDER / "app.py"), *flags], prog_name="tlviz app")


def _is_taken(port: int) -> bool:
    """Return whether somebody listens at a port of this machine."""
    try:
        with socket.create_connection(("localhost", port), timeout=1):
            return True
    except OSError:
        return False
