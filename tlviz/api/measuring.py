"""Measuring in Python: the layer profile of a network on a target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tlviz.api.asking import READING_OPTIONS, ask_profile, taken
from tlviz.api.bars import counting, watch
from tlviz.api.networks import Source, name_of
from tlviz.api.result import Result
from tlviz.api.targets import Data, asked_target
from tlviz.api.waiting import RunFailedError, need_end
from tlviz.data.images import dataset_title
from tlviz.diagnose.profile_store import find_profile
from tlviz.diagnose.records import Advice, Profile, StageProfile
from tlviz.diagnose.request import LIMIT
from tlviz.models.catalogue import find_model
from tlviz.runs.launch import start_profile

if TYPE_CHECKING:
    import pandas as pd

    from tlviz.figures.profile_numbers import StageCurve
    from tlviz.figures.theme import Figure

PER_IMAGE = ("correct", "places", "explained")
"""What a stage's profile says of single images."""


@dataclass(frozen=True, repr=False)
class MeasuredProfile(Result):
    """The layer profile of a network on a target: ``stages`` in order, ``advice`` what to try first."""

    profile: Profile

    @property
    def stages(self) -> tuple[StageProfile, ...]:
        """What was measured at each stage of the backbone."""
        return self.profile.stages

    @property
    def advice(self) -> Advice:
        """How many stages to freeze, by which strategy and rates, and why."""
        return self.profile.advice

    @property
    def settings(self) -> Mapping[str, Any]:
        """What ``finetune`` needs to train by the advice.

        >>> measured = tlviz.profile("squeezenet1_1", "photos", image_size=64, limit=60)
        >>> sorted(measured.settings)
        ['backbone_lr', 'freeze', 'head_lr', 'strategy']
        """
        names = ("strategy", "freeze", "head_lr", "backbone_lr")
        return {name: getattr(self.advice, name) for name in names}

    @property
    def summary(self) -> str:
        """Say what the numbers mean."""
        return self.profile.summary

    def table(self) -> pd.DataFrame:
        """Return one row a stage: accuracies of probes, what they are held against, and distances to the source."""
        import pandas as pd

        names = [name for name in StageProfile.__dataclass_fields__ if name not in PER_IMAGE]
        return pd.DataFrame([{name: getattr(stage, name) for name in names} for stage in self.stages])

    def figure(self, *others: MeasuredProfile) -> Figure:
        """Draw the accuracy of a probe at each stage beside random weights; of several, what pretraining adds."""
        from tlviz.figures.profile import plot_probe_curves
        from tlviz.figures.profile_numbers import Shown, finding

        curves = [_curve(found.profile, at, bool(others)) for at, found in enumerate((self, *others))]
        curves[0] = replace(curves[0], freeze=self.advice.freeze)
        network, target = find_model(self.profile.model).title, dataset_title(self.profile.data)
        title = f"{network} on {target}: {finding(self.profile)}"
        return plot_probe_curves(
            curves,
            "What pretraining adds at each stage" if others else title,
            shown=Shown.GAIN if others else Shown.ACCURACY,
            revision=f"{self.profile.model} {self.profile.data}",
        )


def profile(
    model: Source,
    data: Data,
    *,
    image_size: int | None = None,
    limit: int = LIMIT,
    seed: int = 0,
    progress: bool = True,
    **reading: Any,
) -> MeasuredProfile:
    """Measure how useful each stage of a network is for a target, and advise how many to freeze.

    At most ``limit`` images are looked at, an equal share of each class; ``image_size`` is the side in pixels, by
    default 160 where the network allows it.  What was measured before is returned at once, from here, the page or
    `tlviz profile`.  ``reading`` are options of the target, as in ``open_target``.  Raises ``TlvizError`` for a mistake
    in what is asked, and ``RunFailedError`` where it came to no end.

    >>> measured = tlviz.profile("squeezenet1_1", "photos", image_size=64, limit=60)
    >>> measured.stages[0].name
    'stem'
    >>> measured.table()
    """
    name, decided = asked_target(data)
    chosen = decided | taken(reading, READING_OPTIONS, "a target")
    with counting("Unpacking", progress) as unpacking:
        request, _ = ask_profile(
            name_of(model), name, chosen, image_size=image_size, limit=limit, seed=seed, unpacking=unpacking
        )
    found = find_profile(request)
    if found is None:
        run = start_profile(request)
        watch(run, f"Measuring {request.model}", progress)
        need_end(run, "The profile was stopped before its end.")
        found = find_profile(request)
    if found is None:
        raise RunFailedError("The target changed while it was measured; measure it again.")
    return MeasuredProfile(found)


def _curve(profile: Profile, colour: int, is_beside: bool) -> StageCurve:
    from tlviz.figures.profile_numbers import curve_of

    words = f"{find_model(profile.model).title}, {dataset_title(profile.data)}"
    curve = curve_of(profile, words, colour)
    return replace(curve, permuted=()) if is_beside else curve
