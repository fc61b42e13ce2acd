"""What a model card tells, gathered from a run's folder, its weights and its images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tlviz.data.doctor.findings import Report
from tlviz.diagnose.doctor import check_dataset, known_report
from tlviz.errors import TlvizError
from tlviz.export.bundle import Bundle
from tlviz.export.run_images import RunImages
from tlviz.finetune.config import FinetuneConfig
from tlviz.models.catalogue import find_model
from tlviz.models.spec import ModelSpec
from tlviz.runs.predictions import Answers, read_answers
from tlviz.runs.store.folder import RunFolder
from tlviz.runs.summary import RunSummary, summarise


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card tells: the run, the header of the weights, the source's row, and the images where they are there.

    ``report`` is the doctor's; ``files`` are the names of those in it.
    """

    run: RunFolder
    header: Bundle
    source: ModelSpec
    summary: RunSummary
    answers: Answers | None
    here: RunImages | None
    report: Report | None
    files: Sequence[str] = ()

    @property
    def epoch(self) -> int | None:
        """The epoch whose weights these are."""
        epoch = self.header.training.get("epoch")
        return epoch if isinstance(epoch, int) else self.summary.best_epoch

    @property
    def accuracy(self) -> float | None:
        """The validation accuracy of these weights."""
        found = self.header.training.get("val_accuracy")
        if isinstance(found, int | float):
            return float(found)
        told = [event["val_accuracy"] for event in self.summary.epochs if event["epoch"] == self.epoch]
        return told[0] if told else self.summary.best_val_accuracy

    @property
    def is_best(self) -> bool:
        """Whether these are the weights of the best epoch."""
        return self.epoch == self.summary.best_epoch

    @property
    def own_answers(self) -> Answers | None:
        """The answers of these very weights, None where those that are kept are of others or of other classes."""
        held = self.answers
        is_theirs = held is not None and held.epoch == self.epoch and held.classes == self.header.classes
        return held if is_theirs else None

    def images(self, part: str) -> int | None:
        """Return how many images a part of the run had, None where that is not known."""
        count = self.summary.start_event.get(f"{part}_images")
        return count if isinstance(count, int) and count > 0 else None


def card_facts(
    run: RunFolder, header: Bundle, source: ModelSpec, here: RunImages | None, files: Sequence[str] = ()
) -> CardFacts:
    """Gather what a card tells of a run; ``source`` is the network that it began from."""
    summary = summarise(run)
    answers = read_answers(run, summary.best_epoch)
    return CardFacts(run, header, source, summary, answers, here, None if here is None else _report(here), files)


def _report(here: RunImages) -> Report | None:
    """Return what the doctor knows of the target, or finds by reading its files; None where it cannot."""
    try:
        known = known_report(here.config.data, here.config.read_as)
        return known or check_dataset(here.config.data, features=False, read_as=here.config.read_as)
    except TlvizError:
        return None


def source_of(header: Bundle) -> ModelSpec:
    """Return the network that a run began from.  Raises what ``find_model`` raises where it is gone."""
    return find_model(FinetuneConfig.from_json(header.training.get("settings") or {}).model)
