"""Bringing a person's own checkpoint into the program."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from tlviz.errors import BadSettingError, TlvizError
from tlviz.models.catalogue import MODELS
from tlviz.models.imported import check_name
from tlviz.models.preparation import INTERPOLATIONS, LARGEST_SIDE, Given, parse_three
from tlviz.models.table import default_of
from tlviz.ui.messages import show_error
from tlviz.ui.models.table import choose

OWN_EXPORT = ""
FILE_TYPES = ["safetensors", "pt", "pth", "ckpt", "bin", "zip"]


def render_import() -> None:
    """Draw the form for a checkpoint, folded away."""
    with st.expander("Add my own checkpoint", icon=":material/upload_file:"):
        st.markdown(
            "A safetensors file, or one saved with `torch.save`, of any architecture of the catalogue: a `state_dict`, "
            "a training checkpoint, a whole network; or the ZIP of an exported bundle. It is opened as data only: "
            "nothing in it can run code."
        )
        file, architecture, name = st.columns([1.6, 1.2, 1])
        with st.form("import_checkpoint", border=False):
            given = file.file_uploader(
                "Weights", type=["safetensors", "pt", "pth", "ckpt", "bin", "zip"], key="import_file"
            )
            chosen = architecture.selectbox(
                "Architecture",
                [OWN_EXPORT, *architectures()],
                format_func=lambda key: key or "stated in the file (exported here)",
                key="import_architecture",
            )
            called = name.text_input("Name", key="import_name", placeholder="my_network")
            classes = st.text_area(
                "Class names, one per line, in the order of the logits", key="import_classes", height=110,
                placeholder="Leave empty if the file holds them, as all do that this program exported.",
            )  # fmt: skip
            typed = _render_as_trained(chosen or OWN_EXPORT)
            sent = st.form_submit_button("Import", type="primary", icon=":material/check:")
        if sent:
            _import(given, chosen or OWN_EXPORT, classes, called.strip(), typed)


@st.cache_data(show_spinner=False)
def architectures() -> list[str]:
    """Return the names under which the catalogue knows its architectures."""
    return sorted({spec.architecture for spec in MODELS.values()})


@dataclass(frozen=True, slots=True)
class _AsTrained:
    """What a person typed about how the network was trained; '' and None leave it to the file or the architecture."""

    mean: str
    std: str
    size: int | None
    interpolation: str | None
    crop: float | None
    rescales: bool | None
    weights_key: str

    def given(self) -> Given:
        """Return it in numbers.  Raises ``BadSettingError``."""
        return Given(
            mean=parse_three("mean", self.mean),
            std=parse_three("std", self.std),
            size=self.size,
            interpolation=self.interpolation,
            crop_fraction=self.crop,
            transform_input=self.rescales,
            weights_key=self.weights_key.strip(),
        )


def _render_as_trained(architecture: str) -> _AsTrained:
    """Draw the fields for what a file seldom says; what is left empty is assumed, and the network's card says it."""
    own = default_of(architecture) or MODELS.get(architecture)
    usual = own.pixels if own else None
    st.caption(
        "As it was trained. What you leave empty is found in the file or assumed, and the network's card says it."
    )
    mean, std, size, crop = st.columns(4)
    how, rescaling, key = st.columns(3)
    return _AsTrained(
        mean=mean.text_input("Mean (R, G, B)", key="import_mean", placeholder=_three(usual.mean) if usual else ""),
        std=std.text_input("Std (R, G, B)", key="import_std", placeholder=_three(usual.std) if usual else ""),
        size=size.number_input(
            "Picture size", min_value=1, max_value=LARGEST_SIDE, value=None, key="import_size",
            placeholder=str(usual.size) if usual else "",
        ),
        crop=crop.number_input(
            "Crop", min_value=0.01, max_value=1.0, value=None, key="import_crop",
            placeholder=f"{usual.crop_fraction:.3g}" if usual else "",
            help="The share of the resized side that the centre crop keeps.",
        ),
        interpolation=how.selectbox(
            "Interpolation", INTERPOLATIONS, index=None, key="import_interpolation",
            placeholder=usual.interpolation if usual else "",
        ),
        rescales=rescaling.selectbox(
            "Input rescaling", [True, False], index=None, key="import_rescales", placeholder="found from the file",
            format_func=lambda yes: "yes (transform_input)" if yes else "no",
            help="Only torchvision's GoogLeNet and Inception: whether they rescaled their input in training.",
        ),
        weights_key=key.text_input(
            "Which weights", key="import_weights_key", placeholder="where the file holds several",
            help="Such as state.ema; the message names those in the file.",
        ),
    )  # fmt: skip


def _three(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.3g}" for value in values)


def _import(given: UploadedFile | None, architecture: str, classes: str, name: str, typed: _AsTrained) -> None:
    """Import what the form says; a mistake is one sentence, and the form keeps what was typed."""
    try:
        if given is None:
            raise BadSettingError("No weights file is chosen yet.")
        check_name(name)
        with st.spinner("Comparing the tensors with the architecture …"):
            names = [line.strip() for line in classes.splitlines() if line.strip()]
            kept = _keep(given, architecture, names, name, typed.given())
    except TlvizError as error:
        show_error(error)
        return
    choose([kept])
    st.rerun()


def _keep(uploaded: UploadedFile, architecture: str, classes: list[str], name: str, given: Given) -> str:
    from tlviz.models.checkpoint import import_checkpoint  # imports torch

    with tempfile.TemporaryDirectory(prefix="tlviz-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / f"weights{Path(uploaded.name).suffix.lower()}"
        path.write_bytes(uploaded.getbuffer())
        return import_checkpoint(path, architecture, classes, name, given).name
