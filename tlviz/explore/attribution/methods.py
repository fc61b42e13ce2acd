"""The attribution methods by name: what each shows, where it is computed and about what it costs.  No torch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Method(StrEnum):
    """A way to say which parts of a picture an answer rests on."""

    SALIENCY = "saliency"
    INPUT_X_GRADIENT = "input_x_gradient"
    INTEGRATED_GRADIENTS = "integrated_gradients"
    SMOOTHGRAD = "smoothgrad"
    DEEPLIFT = "deeplift"
    GRADIENT_SHAP = "gradient_shap"
    GUIDED_BACKPROP = "guided_backprop"
    OCCLUSION = "occlusion"
    FEATURE_ABLATION = "feature_ablation"
    GRAD_CAM = "grad_cam"
    GUIDED_GRAD_CAM = "guided_grad_cam"
    ATTENTION_ROLLOUT = "attention_rollout"
    TOKEN_GRAD_CAM = "token_grad_cam"  # noqa: S105 (no password)


class Baseline(StrEnum):
    """The "absent" image that a method compares the picture with."""

    BLUR = "blur"
    MEAN = "mean"
    WHITE = "white"
    BLACK = "black"


USUAL_BASELINE = Baseline.BLUR
"""Blurring leaves a plain background or margin unchanged, so that it gets no share, and is blind to no colour.

Compared with the mean colour a white margin stands out; compared with white, white objects vanish.
"""


@dataclass(frozen=True, slots=True)
class MethodSpec:
    """One method: its title, a sentence on what it shows, and how it is computed.

    ``is_signed``: below zero speaks against the class.  ``at_stage``: computed at a chosen stage.  ``sweeps``: has a
    version at every stage.  ``uses_baseline``: compares with a baseline.  ``is_complete``: its values promise to add up
    to the difference of the score from the baseline's.  ``is_class_specific``: depends on the class.  ``passes``: about
    how many forward passes one map costs, a backward pass counted as two.  ``computed_by``: the module of this folder
    and the function in it that turns an ``AttributionContext`` into a ``RawMap`` of the picture; "" for the methods
    that only work at stages.  It is named, not imported, because it needs torch.
    """

    title: str
    sentence: str
    is_signed: bool
    passes: int
    computed_by: str = ""
    at_stage: bool = False
    sweeps: bool = True
    uses_baseline: bool = False
    is_complete: bool = False
    is_class_specific: bool = True


STEPS = 32
"""Points on the way from the baseline to the picture at which Integrated Gradients asks for a gradient."""
SAMPLES = 24
"""Noisy copies that SmoothGrad and GradientShap average over."""
SEGMENTS = 64
"""Superpixels that feature ablation removes one by one."""
WINDOWS = 169
"""Positions, 13 by 13, that occlusion covers one after another."""

METHODS: dict[Method, MethodSpec] = {
    Method.SALIENCY: MethodSpec(
        title="Saliency",
        sentence="How strongly each pixel would change the score if it changed a little.",
        is_signed=False,
        passes=4,
        computed_by="gradient_maps.saliency",
    ),
    Method.INPUT_X_GRADIENT: MethodSpec(
        title="Input x Gradient",
        sentence="Each pixel's value times how strongly the score reacts to it.",
        is_signed=True,
        passes=5,
        computed_by="gradient_maps.input_x_gradient",
        is_complete=True,
    ),
    Method.INTEGRATED_GRADIENTS: MethodSpec(
        title="Integrated Gradients",
        sentence="Each pixel's share of the score, added up on the way from a baseline to the picture.",
        is_signed=True,
        passes=3 * STEPS + 3,
        computed_by="averaged_gradients.integrated_gradients",
        uses_baseline=True,
        is_complete=True,
    ),
    Method.SMOOTHGRAD: MethodSpec(
        title="SmoothGrad",
        sentence="The saliency averaged over noisy copies of the picture, so that chance edges fade.",
        is_signed=False,
        passes=3 * SAMPLES + 1,
        computed_by="averaged_gradients.smoothgrad",
    ),
    Method.DEEPLIFT: MethodSpec(
        title="DeepLift",
        sentence="Each pixel's share of the score, from how every unit differs from its value on a baseline.",
        is_signed=True,
        passes=9,
        computed_by="gradient_maps.deeplift",
        sweeps=False,
        uses_baseline=True,
        is_complete=True,
    ),
    Method.GRADIENT_SHAP: MethodSpec(
        title="GradientShap",
        sentence="Each pixel's share of the score, averaged over noise and four plain baselines.",
        is_signed=True,
        passes=3 * SAMPLES + 6,
        computed_by="averaged_gradients.gradient_shap",
        is_complete=True,
    ),
    Method.GUIDED_BACKPROP: MethodSpec(
        title="Guided Backprop",
        sentence="The gradient with negative evidence dropped at each ReLU: fine lines, often alike for every class.",
        is_signed=True,
        passes=4,
        computed_by="gradient_maps.guided_backprop",
    ),
    Method.OCCLUSION: MethodSpec(
        title="Occlusion",
        sentence="How far the score falls when a square covers each position in turn.",
        is_signed=True,
        passes=WINDOWS + 2,
        computed_by="perturbation.occlusion",
        sweeps=False,
        uses_baseline=True,
    ),
    Method.FEATURE_ABLATION: MethodSpec(
        title="Superpixel ablation",
        sentence="How far the score falls when each patch of similar colour is removed.",
        is_signed=True,
        passes=SEGMENTS + 2,
        computed_by="perturbation.feature_ablation",
        sweeps=False,
        uses_baseline=True,
    ),
    Method.GRAD_CAM: MethodSpec(
        title="Grad-CAM",
        sentence="Where the channels that support the class are active at a stage.",
        is_signed=False,
        passes=3,
        at_stage=True,
    ),
    Method.GUIDED_GRAD_CAM: MethodSpec(
        title="Guided Grad-CAM",
        sentence="The fine lines of Guided Backprop, kept only where Grad-CAM is active.",
        is_signed=True,
        passes=7,
        at_stage=True,
    ),
    Method.ATTENTION_ROLLOUT: MethodSpec(
        title="Attention rollout",
        sentence="Which patches the answer attends to through all attention layers, whatever the class.",
        is_signed=False,
        passes=2,
        at_stage=True,
        is_class_specific=False,
    ),
    Method.TOKEN_GRAD_CAM: MethodSpec(
        title="Token Grad-CAM",
        sentence="Where the patches' channels that support the class are active at a stage of a transformer.",
        is_signed=False,
        passes=3,
        at_stage=True,
    ),
}


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """Why a method cannot be used on a network, in one sentence, and the nearest that can."""

    reason: str
    nearest: Method
