"""What is behind the curve: shift, dimension, the map stage by stage, networks, and all numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import streamlit as st

from tlviz.csv_text import csv_text
from tlviz.data.images import dataset_title
from tlviz.diagnose.records import Profile
from tlviz.figures.map_words import map_in_words, probe_in_words
from tlviz.figures.networks import fit_in_words, plot_networks
from tlviz.figures.stage_map import aligned_places, frame_of, on_axes, shown_images
from tlviz.figures.stage_measures import plot_stage_bars, plot_stage_lines
from tlviz.figures.stage_words import kid_in_words, known, pull_in_words, rank_in_words, shift_in_words
from tlviz.figures.theme import png_config
from tlviz.learn.words import define
from tlviz.modality import REFERENCES
from tlviz.models.local_weights import available_models
from tlviz.ui.address import carry_over, from_address, to_address
from tlviz.ui.cached.profiles import contests, known_profile, sample_images
from tlviz.ui.measure.jobs import render_running, running_jobs, start_missing
from tlviz.ui.messages import heed, plain
from tlviz.ui.state import Key
from tlviz.ui.widgets.headings import STAGE_COLUMNS
from tlviz.ui.widgets.image_map import render_image_map
from tlviz.ui.widgets.rows import words_and_buttons

NOT_NUMBERS = ("correct", "places")


def names_of(profile: Profile) -> list[str]:
    """Return the names of the backbone's stages."""
    return [stage.name for stage in profile.stages]


def render_shift(profile: Profile) -> None:
    """Show how far the target is from the source at each stage, against the noise."""
    names, shifts = names_of(profile), [stage.shift for stage in profile.stages]
    kids = [stage.kid for stage in profile.stages]
    is_reference = profile.data in REFERENCES
    measured = known(names, shifts)
    left, right = st.columns(2, gap="medium") if measured else (None, st.container())
    if left is not None:
        with left:
            figure = plot_stage_bars(names, shifts, "stage shift, times noise", level=1.0)
            st.plotly_chart(figure, key="shift", config=png_config("stage-shift"))
            st.caption(
                f"**{plain(shift_in_words(measured))}** How far the channels' means and spreads are from "
                f"{plain(profile.shift_against)}. The unit, dashed, is the distance between two random halves of the "
                "target."
            )
    with right:
        figure = plot_stage_bars(names, kids, "KID, times noise", level=1.0)
        st.plotly_chart(figure, key="kid", config=png_config("kid"))
        halves = "two halves of the photographs" if is_reference else "the target's and the bundled photographs'"
        st.caption(
            f"**{plain(kid_in_words(known(names, kids), is_reference=is_reference))}** KID (kernel distance) compares "
            f"whole clouds of features, {halves}. The unit, dashed, is the noise between two random halves of the "
            "target; below zero is noise too."
        )
        if not measured:
            st.caption(
                "Channel statistics are not compared: without BatchNorm they would be held against these same "
                "photographs."
            )


def render_dimension(profile: Profile) -> None:
    """Show how many directions the features use, and where the target pulls."""
    names, (left, right) = names_of(profile), st.columns(2, gap="medium")
    with left:
        ranks = [stage.effective_rank for stage in profile.stages]
        at_random = [stage.random_effective_rank for stage in profile.stages]
        intrinsic = [stage.intrinsic_dimension for stage in profile.stages]
        lines: dict[str, Sequence[float | None]] = {
            "effective rank": ranks,
            "same, random weights": at_random,
            "intrinsic dimension": intrinsic,
        }
        figure = plot_stage_lines(names, lines, "dimensions", is_log=True)
        st.plotly_chart(figure, key="dimension", config=png_config("dimension"))
        words = rank_in_words(known(names, ranks), known(names, at_random), known(names, intrinsic))
        st.caption(
            f"**{plain(words)}** Effective rank: over how many directions the features spread, 1 if all images lie on "
            "a line. Intrinsic dimension: how many numbers would be enough to tell the images apart."
        )
    with right:
        pulls = [stage.relative_gradient for stage in profile.stages]
        figure = plot_stage_bars(names, pulls, "relative gradient", top=1.05)
        st.plotly_chart(figure, key="pull", config=png_config("relative-gradient"))
        st.caption(
            f"**{plain(pull_in_words(known(names, pulls)))}** Gradient divided by weight with a fitted head, scaled to "
            "a maximum of 1."
        )


def render_map(profile: Profile) -> None:
    """Show the images on two axes at the chosen stage; from stage to stage the points move little."""
    names = names_of(profile)
    asked = st.query_params.get(Key.STAGE)
    from_address(Key.STAGE, names, names[-1]) if asked in names else st.session_state.setdefault(Key.STAGE, names[-1])
    if st.session_state[Key.STAGE] not in names:
        st.session_state[Key.STAGE] = names[-1]
    carry_over(Key.STAGE)
    chosen = st.select_slider("Stage", names, key=Key.STAGE, persist_state="session", help=define("stage"))
    to_address(Key.STAGE)
    stage = profile.stages[names.index(str(chosen))]
    places, shown = aligned_places(profile), shown_images(profile.labels)
    here, labels = places[stage.name][shown], np.array(profile.labels)[shown]
    images = sample_images(profile)
    row_of = {name: row for row, name in enumerate(images.names)}
    kept = [at for at, row in enumerate(shown) if profile.names[row] in row_of]  # others were excluded meanwhile
    rows = [row_of[profile.names[shown[at]]] for at in kept]
    render_image_map(images, rows, on_axes(here[kept], frame_of(places)), key="stage_map")
    st.caption(
        f"**{plain(map_in_words(here, labels, profile.classes, stage.explained))}** {plain(probe_in_words(stage))} "
        f"Each picture where {stage.name} sees it: the first two principal components, turned to fit the stage before."
    )


def render_networks(profile: Profile) -> None:
    """Compare the available networks on this target, and offer to measure the missing ones."""
    available = available_models()
    pairs = [(name, profile.data) for name in available]
    missing = [pair for pair in pairs if known_profile(*pair) is None]
    if not render_running(pairs) and missing and running_jobs(missing) == []:
        titles = ", ".join(available[name].title for name, _ in missing)
        words = f"Measure {titles}" if len(missing) < 3 else f"Measure the other {len(missing)} networks"
        st.button(
            words, icon=":material/add_chart:", on_click=heed, args=(start_missing, missing), key="measure_networks"
        )
    found = contests(tuple(available), profile.data)
    titles_of = {name: spec.title for name, spec in available.items()}
    st.markdown(f"**{plain(fit_in_words(found, titles_of))}**")
    st.plotly_chart(plot_networks(found, titles_of), key="networks", config=png_config("networks"))
    st.caption(
        f"Every network's probe at its best stage on the same images of {plain(dataset_title(profile.data))} ± one "
        "standard error; filled: the best and those tied with it. Download more on the Models page."
    )


def render_numbers(profile: Profile) -> None:
    """Show all numbers as a table, and offer them as CSV."""
    rows = table_rows(profile)
    st.dataframe(rows, hide_index=True, column_config=dict(STAGE_COLUMNS))
    words, button = words_and_buttons()
    button.download_button(
        "Download CSV", to_csv(rows), f"profile-{profile.model}-{dataset_title(profile.data)}.csv", "text/csv",
        icon=":material/download:",
    )  # fmt: skip
    words.caption(
        f"{profile.images:,} of {profile.available:,} images at {profile.image_size} pixels, measured in "
        f"{profile.duration_s:.0f} s. Accuracies are balanced, leave-one-out; ± is one standard error (_se in the CSV)."
    )


def table_rows(profile: Profile) -> list[dict[str, object]]:
    """Return one row a stage with every number of the profile."""
    return [
        {name: value for name, value in asdict(stage).items() if name not in NOT_NUMBERS} for stage in profile.stages
    ]


def to_csv(rows: Sequence[dict[str, object]]) -> str:
    """Return rows with the same keys as CSV; None is an empty cell."""
    head = list(rows[0])
    return csv_text(head, ([row[name] for name in head] for row in rows))
