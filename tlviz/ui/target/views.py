"""What a target is made of: its classes and parts, sample pictures, and what augmentation makes of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from tlviz.data.images import ImageSet
from tlviz.data.part_images import part_images
from tlviz.data.sources.catalogue import SHIPPED
from tlviz.data.sources.public import PUBLIC
from tlviz.data.training.flips import Flip
from tlviz.data.training.splits import BUDGETS, Split, SplitPlan
from tlviz.errors import TlvizError
from tlviz.figures.classes import MOST_BARS, plot_class_bars
from tlviz.figures.theme import chart_config
from tlviz.finetune.choices import Augment
from tlviz.finetune.config import SETTINGS
from tlviz.ui.cached import looks, targets
from tlviz.ui.messages import show_error
from tlviz.ui.state import Key
from tlviz.ui.widgets.fields import with_current
from tlviz.ui.widgets.panels import Sheet, render_sheets, render_wall

WALL_COLUMNS = 6
PREVIEWS, VARIANTS = 4, 8
MOST_LETTERS = 14
TEST_SHARES = (0.0, 0.1, 0.2, 0.3)
ALL_LABELS = "all"


def target_relation(name: str) -> str:
    """Say in words how a target relates to the source."""
    if name in SHIPPED:
        return SHIPPED[name].relation
    return PUBLIC[name].relation if name in PUBLIC else "not yet compared with the source"


def chosen_plan(parts: Sequence[str]) -> SplitPlan:
    """Return how the person wants images parted that are in ``parts`` of their own, '' for none."""
    budget = st.session_state.get(Key.LABELS, ALL_LABELS)
    return SplitPlan(
        test_share=0.0 if "test" in parts else float(st.session_state.get(Key.TEST_SHARE) or 0.0),
        labels_per_class=None if budget in (None, ALL_LABELS) else int(budget),
    )


def chosen_seed() -> int:
    """Return the seed that the first run would have."""
    seed = st.session_state.get("seed") or 0
    return int(seed) if SETTINGS["seed"].allows(seed) else 0


def describe_plan(plan: SplitPlan) -> str:
    """Say what the person changed about the split."""
    said = []
    if plan.test_share:
        said.append(f"{100 * plan.test_share:g}% kept for the final test")
    if plan.labels_per_class:
        said.append(f"{plan.labels_per_class} labels per class to train with")
    return f"As set on the Target page: {', '.join(said)}."


def render_classes(images: ImageSet, model: str) -> None:
    """Draw the classes as bars by part, the controls of the split, and sample pictures."""
    left, right = st.columns([1, 1.2], gap="medium")
    with left:
        try:
            _parts(images)
        except TlvizError as error:
            show_error(error)
    with right:
        wall = targets.sample_wall(images.name, model, targets.version_of(images), WALL_COLUMNS, images)
        render_wall(wall, WALL_COLUMNS)
        if len(images.classes) > targets.MOST_CLASSES:
            st.caption(f"The first {targets.MOST_CLASSES} of {len(images.classes):,} classes.")


def _parts(images: ImageSet) -> None:
    split = _split(images)
    counts = {
        part: np.bincount(images.labels[indices], minlength=len(images.classes)).tolist()
        for part, indices in (("training", split.train), ("validation", split.validation), ("test", split.test))
    }
    st.plotly_chart(plot_class_bars(images.classes, counts), key="class_bars", config=chart_config())
    st.caption(_reading_aid(images, split))


def _split(images: ImageSet) -> Split:
    """Draw the controls of the split and return it as the first run would have it."""
    test, budget = st.columns(2)
    test.selectbox(
        "Test part", with_current(TEST_SHARES, Key.TEST_SHARE), key=Key.TEST_SHARE, persist_state="session",
        format_func=lambda share: f"{100 * share:g}%" if share else "none",
        disabled="test" in images.parts,
        help="Kept for one final evaluation, never used to choose anything. A folder's own test part comes first.",
    )  # fmt: skip
    budget.selectbox(
        "Labels per class", with_current([ALL_LABELS, *(str(b) for b in BUDGETS if b)], Key.LABELS), key=Key.LABELS,
        persist_state="session",
        help="Train with only this many images of each class, to see how transfer pays off on little data.",
    )  # fmt: skip
    return part_images(images, targets.copies(images.name), chosen_seed(), chosen_plan(images.parts))


def _reading_aid(images: ImageSet, split: Split) -> str:
    own = sorted({part for part in images.parts if part})
    origin = f"The folder's own parts: {', '.join(own)}." if own else "Drawn class by class from the seed."
    copies = " Copies of one picture stay in one part." if targets.copies(images.name) else ""
    whole = " Pictures of one group stay in one part." if images.groups else ""
    more = f" The first {MOST_BARS} of {len(images.classes):,} classes." if len(images.classes) > MOST_BARS else ""
    return (
        f"{len(split.train):,} images train, {len(split.validation):,} validate, {len(split.test):,} test. "
        f"{origin}{whole}{copies}{more}"
    )


def render_augmentation(images: ImageSet) -> None:
    """Show what each augmentation makes of some pictures, and let the person say whether mirroring is safe."""
    kinds, mirror = st.columns([1.4, 1], vertical_alignment="bottom")
    kind = kinds.segmented_control(
        "Augmentation", list(Augment), default=Augment.LIGHT, required=True, key="preview_augment",
        help="Light: mirror and shift. Strong: also RandAugment. Choose it for a run on the Fine-tune page.",
    )  # fmt: skip
    flip = mirror.segmented_control(
        "Mirroring", list(Flip), default=Flip.AUTO, required=True, key=Key.FLIP, persist_state="session",
        help="Auto: off where class names suggest digits, letters, left or right, whose mirror image is another class.",
    )  # fmt: skip
    may_flip = Flip(flip).allows(images.may_flip)
    step = max(1, len(images.labels) // PREVIEWS)
    shown = list(range(0, len(images.labels), step))[:PREVIEWS]
    render_sheets([_variants(images, at, Augment(kind), may_flip) for at in shown])
    mirrored = "sometimes mirrored" if may_flip else "never mirrored"
    st.caption(f"The original first, then what training would see in {VARIANTS} epochs; pictures are {mirrored}.")


def _variants(images: ImageSet, at: int, kind: Augment, may_flip: bool) -> Sheet:
    pixels = np.ascontiguousarray(images.pixels[at])
    png = targets.augmented(looks.digest(pixels), kind, may_flip, VARIANTS, pixels)
    words = ["the original", *(f"variant {n}" for n in range(1, VARIANTS + 1))]
    return Sheet(png, words, VARIANTS + 1, images.classes[images.labels[at]], _short(images.names[at]))


def _short(name: str) -> str:
    """Return the beginning of a picture's file name."""
    name = name.rpartition("/")[2]
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 1]}…"
