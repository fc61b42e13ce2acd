"""A run's freeze plan in a line: what is frozen, what trains, from which epoch on."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tlviz.finetune.choices import BatchNorm, Tune
from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.plan import Phase, plan_phases
from tlviz.models.spec import Stage

MOST_PHASES = 4
TUNED_WORDS = {Tune.NORMS: "the normalisation layers", Tune.LORA: "the LoRA matrices"}
NORM_WORDS = {
    BatchNorm.MOVE: "the statistics move",
    BatchNorm.REESTIMATE: "the statistics are measured anew",
    BatchNorm.TRAIN: "statistics and weights train",
}


def plan_in_words(config: FinetuneConfig, stages: Sequence[Stage]) -> str:
    """Say what is frozen and trained, phase by phase where there are several.

    Raises ``BadSettingError`` or ``UnknownNameError`` for stages the network does not have.
    """
    return phases_in_words(plan_phases(config, stages), config, stages)


def phases_in_words(phases: Sequence[Phase], config: FinetuneConfig, stages: Sequence[Stage]) -> str:
    """Say what is frozen and trained in these phases of a run with this configuration."""
    words = _phases_in_words(phases, stages) if len(phases) > 1 else _freeze_in_words(phases[0].frozen, stages)
    opens = any(len(phase.frozen) < len(stages) - 1 for phase in phases)
    if opens and config.tune in TUNED_WORDS:
        words += f"; of these only {TUNED_WORDS[config.tune]} and the head"
    elif opens and len(phases) == 1 and phases[0].frozen:
        trained = sum(stage.parameters for at, stage in enumerate(stages[:-1]) if at not in phases[0].frozen)
        words += f" ({trained:,} backbone parameters)"
    if phases[0].frozen and config.batchnorm in NORM_WORDS:
        words += f". In BatchNorm layers of frozen stages {NORM_WORDS[config.batchnorm]}"
    return f"{words}."


def _freeze_in_words(frozen: Collection[int], stages: Sequence[Stage]) -> str:
    if not frozen:
        return "Nothing is frozen: every stage is trained"
    if len(frozen) == len(stages) - 1:
        return "Frozen: the whole backbone. Only the new head is trained"
    trained = [at for at in range(len(stages)) if at not in frozen]
    return f"Frozen: {_named(sorted(frozen), stages)}. Trained: {_named(trained, stages)}"


def _phases_in_words(phases: Sequence[Phase], stages: Sequence[Stage]) -> str:
    words = []
    for phase in phases:
        rates = f" at {phase.rate_factor:g} times the rates" if phase.rate_factor != 1 else ""
        words.append(f"from epoch {phase.first_epoch} {_opened(phase, stages)}{rates}")
    shown = words if len(words) <= MOST_PHASES else [words[0], words[1], "…", words[-1]]
    text = "; ".join(shown)
    return text[0].upper() + text[1:]


def _opened(phase: Phase, stages: Sequence[Stage]) -> str:
    opened = len(stages) - len(phase.frozen)
    if opened == 1:
        return "the head alone"
    if not phase.frozen:
        return "everything"
    if phase.depth == len(phase.frozen):
        return f"the last {opened} stages"
    return f"all but {_named(sorted(phase.frozen), stages)}"


def _named(chosen: Sequence[int], stages: Sequence[Stage]) -> str:
    """Name stages in order, neighbours as a span; the last stage is the head."""
    spans: list[list[int]] = []
    for at in chosen:
        if spans and spans[-1][1] == at - 1:
            spans[-1][1] = at
        else:
            spans.append([at, at])
    names = [*(stage.name for stage in stages[:-1]), "the head"]
    return ", ".join(names[low] if low == high else f"{names[low]} to {names[high]}" for low, high in spans)
