"""The model card, ``README.md`` in the form of the Hugging Face hub, and the pictures in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tlviz import __version__
from tlviz.data.doctor.findings import Report, Severity
from tlviz.data.images import dataset_title
from tlviz.data.sources.catalogue import SHIPPED
from tlviz.data.sources.public import PUBLIC
from tlviz.export.card_facts import CardFacts
from tlviz.export.card_words import code, markdown, one_line, slug
from tlviz.export.html_parts import share, word
from tlviz.export.media import export_side
from tlviz.figures.card_pictures import confusion_picture, curve_picture
from tlviz.finetune.strategies import STRATEGIES, Strategy
from tlviz.measures.accuracy import standard_error
from tlviz.measures.confusion import confusion_matrix, f1_scores
from tlviz.medium import WORDS, Medium, Words
from tlviz.models.spec import ModelSpec, Provider
from tlviz.runs.chosen_epoch import choice_words, run_without_choice
from tlviz.runs.places import run_place

FILE, CURVE, CONFUSION = "README.md", "curve.png", "confusion.png"
MOST_CLASSES = 200
MOST_FINDINGS = 20
UNKNOWN = "unknown"
_HUB_LICENCES = {
    "apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "cc-by-nc-4.0", "cc-by-4.0",
    "cc-by-sa-4.0", "cc-by-nc-sa-4.0", "cc0-1.0", "gpl-2.0", "gpl-3.0", "other", "openrail", "apple-amlr",
    "apple-ascl", "gemma",
}  # fmt: skip
"""Licences under the names that the hub has for them, those of the libraries' weights."""


def card_pictures(facts: CardFacts) -> dict[str, bytes]:
    """Return the pictures of a card by their names: the curve, and the confusion matrix where answers were kept."""
    place = run_place(facts.summary)
    pictures = {}
    if facts.summary.epochs:
        pictures[CURVE] = curve_picture(facts.summary.epochs, facts.summary.best_epoch, place)
    held = facts.own_answers
    if held is not None:
        matrix = confusion_matrix(held.labels, held.guesses, len(held.classes))
        pictures[CONFUSION] = confusion_picture(matrix, held.classes, place)
    return pictures


def model_card(facts: CardFacts) -> str:
    """Return the whole card: metadata that the hub reads, and what a person reads."""
    pictures = card_pictures(facts)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 (Markdown; every name goes through a filter)
    )
    environment.filters |= {"md": markdown, "code": code}
    body = environment.get_template("README.md.jinja").render(_values(facts, pictures))
    return f"---\n{_metadata(facts)}\n---\n\n{body.rstrip()}\n"


_TASKS = {Medium.PICTURES: "image-classification", Medium.TEXTS: "text-classification"}
_LIBRARIES = {Provider.TIMM, Provider.TRANSFORMERS}


def _words(facts: CardFacts) -> Words:
    """Return what one item and several are called."""
    return WORDS[facts.source.medium]


def _metadata(facts: CardFacts) -> str:
    from huggingface_hub import EvalResult, ModelCardData  # takes a while to import

    target = one_line(dataset_title(facts.summary.data))
    spec = facts.source
    task = _TASKS[spec.medium]
    results = [
        EvalResult(
            task_type=task,
            task_name=task.capitalize().replace("-", " "),
            dataset_type=slug(target),
            dataset_name=target,
            dataset_split=part,
            metric_type="accuracy",
            metric_name=f"Accuracy ({part})",
            metric_value=round(value, 6),
            metric_args={"images": count, "standard_error": round(standard_error(_share(value), count), 6)},
        )
        for part, value, count in _accuracies(facts)
    ]
    licence = spec.licence.lower()
    is_known = licence in _HUB_LICENCES
    data = ModelCardData(
        license=licence if is_known else (UNKNOWN if _is_unknown(spec) else "other"),
        license_name=None if is_known or _is_unknown(spec) else slug(spec.licence),
        library_name=str(spec.provider) if spec.provider in _LIBRARIES else "pytorch",
        pipeline_tag=task,
        tags=[task, str(spec.provider), "tlviz"],
        base_model=spec.hub_id.partition("@")[0] or None,
        model_name=one_line(_title(facts)) if results else None,
        eval_results=results or None,
    )
    return data.to_yaml().rstrip()


def _values(facts: CardFacts, pictures: Mapping[str, bytes]) -> dict[str, Any]:
    accuracy, count = facts.accuracy, facts.images("validation")
    result = "It is not known how well it does."
    if accuracy is not None and count:
        named = share(accuracy, standard_error(_share(accuracy), count))
        result = f"It names {named} of {count:,} validation {_words(facts).several}"
        result += " rightly, none of which it was trained on."
    head, rows = _findings(facts.report, _words(facts).several)
    counted, class_rows = _classes(facts)
    return {
        "title": _title(facts),
        "source": facts.source,
        "library": str(facts.source.provider),
        "target": dataset_title(facts.summary.data),
        "classes": facts.header.classes,
        "result": result,
        "has_curve": CURVE in pictures,
        "has_confusion": CONFUSION in pictures,
        "results": _results(facts),
        "choice": _choice(facts),
        "counted": counted,
        "class_rows": class_rows[:MOST_CLASSES],
        "more_classes": max(0, len(class_rows) - MOST_CLASSES),
        "strategy": STRATEGIES.get(facts.summary.strategy) or Strategy(facts.summary.strategy, "", ""),
        "trained": _trained(facts),
        "settings": ", ".join(
            f"`{code(name)} {code(word(value))}`"
            for name, value in facts.summary.settings.items()
            if value is not None and name not in {"model", "data", "strategy"}
        ),
        "data": _data(facts),
        "findings_head": head,
        "findings": rows,
        "limits": _limits(facts),
        "licence_of_weights": _licence_of_weights(facts.source),
        "licence_of_data": licence_of_data(facts.summary.data),
        "use": export_side(facts.source.medium).use_lines(facts),
        "items": _words(facts).several,
        "version": __version__,
        "run": facts.run.name,
    }


def _title(facts: CardFacts) -> str:
    return f"{facts.source.title} on {dataset_title(facts.summary.data)}"


def _accuracies(facts: CardFacts) -> list[tuple[str, float, int]]:
    """Return part, accuracy and number of images of what was measured with these weights."""
    told = [("validation", facts.accuracy), ("test", facts.summary.test_accuracy if facts.is_best else None)]
    return [
        (part, value, count) for part, value in told if value is not None and (count := facts.images(part)) is not None
    ]


def _results(facts: CardFacts) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("accuracy", part, f"{count:,}", str(share(value, standard_error(_share(value), count))))
        for part, value, count in _accuracies(facts)
    ]
    told = next((event for event in facts.summary.epochs if event["epoch"] == facts.epoch), {})
    count = facts.images("validation")
    if isinstance(told.get("val_macro_f1"), int | float):
        rows.append(("macro F1, all classes alike", "validation", f"{count or UNKNOWN}", f"{told['val_macro_f1']:.3f}"))
    if isinstance(told.get("val_loss"), int | float):
        rows.append(("cross-entropy", "validation", f"{count or UNKNOWN}", f"{told['val_loss']:.3f}"))
    return rows or [("accuracy", "validation", UNKNOWN, UNKNOWN)]


def _choice(facts: CardFacts) -> str:
    if not facts.is_best:
        return f"These are the weights of epoch {facts.epoch}, not of the best one ({facts.summary.best_epoch})."
    if facts.accuracy is None:
        return ""
    return choice_words(facts.accuracy, run_without_choice(facts.summary))


def _classes(facts: CardFacts) -> tuple[list[str], list[list[str]]]:
    """Return what is told of every class, and a row for each: its number, its name, its images, its F1."""
    columns: dict[str, list[str]] = {}
    count = len(facts.header.classes)
    if facts.here is not None:
        for part in ("train", "validation", "test"):
            rows = getattr(facts.here.split, part)
            if len(rows):
                columns[part] = [f"{n:,}" for n in np.bincount(facts.here.images.labels[rows], minlength=count)]
    held = facts.own_answers
    if held is not None:
        scores = f1_scores(confusion_matrix(held.labels, held.guesses, count))
        columns["F1 in validation"] = ["–" if np.isnan(score) else f"{score:.2f}" for score in scores]
    rows_of = [
        [str(at), markdown(name), *(column[at] for column in columns.values())]
        for at, name in enumerate(facts.header.classes)
    ]
    return list(columns), rows_of


def _trained(facts: CardFacts) -> list[str]:
    summary, begun = facts.summary, facts.summary.start_event
    frozen = begun.get("frozen")
    trainable = max([n for p in summary.phases if isinstance(n := p.get("trainable_parameters"), int)], default=None)
    lines = []
    if isinstance(frozen, list):
        names = ", ".join(f"`{code(str(name))}`" for name in frozen) or "nothing"
        lines.append(f"**Frozen** at the beginning: {names}.")
    if trainable is not None:
        lines.append(
            f"**Trained**: {trainable:,} parameters at most, {summary.epochs_run} epochs, the best {facts.epoch}."
        )
    if summary.device:
        duration = f" in {summary.duration_s:,.0f} s" if summary.duration_s else ""
        lines.append(f"**Computed** on {markdown(summary.device)}{duration}.")
    return lines


def _data(facts: CardFacts) -> list[str]:
    parts = [f"{count:,} {part}" for part in ("train", "validation", "test") if (count := facts.images(part))]
    lines = [f"Target: {markdown(dataset_title(facts.summary.data))}; {', '.join(parts) or 'images: unknown'}."]
    if facts.here is None:
        return [*lines, f"The {_words(facts).several} were not there any more when this was written, or had changed."]
    if any(facts.here.images.parts):
        lines.append("The parts are those that the target itself names, where it names them.")
    else:
        lines.append(f"Parted by chance, class by class, with seed {facts.here.config.seed}.")
    copies = facts.header.training.get("copies")
    if copies:
        lines.append(f"{len(copies):,} groups of copies of one {_words(facts).one} were kept in one part each.")
    if facts.here.images.excluded:
        lines.append(f"{len(facts.here.images.excluded):,} {_words(facts).several} were taken out by hand.")
    return lines


def _findings(report: Report | None, items: str) -> tuple[str, list[tuple[str, ...]]]:
    if report is None:
        return f"it was not asked, or could not read the {items}.", []
    told = [finding for finding in report.findings if not finding.excluded]
    if not told:
        return f"nothing odd in {report.images:,} {items}{_depth(report)}.", []
    severities = Counter(finding.severity for finding in told)
    kinds = Counter(finding.kind for finding in told)
    first = {finding.kind: finding for finding in reversed(told)}
    rows: list[tuple[str, ...]] = [
        (markdown(kind), f"{count:,}", markdown(_short(first[kind].problem)))
        for kind, count in sorted(kinds.items(), key=lambda item: list(first).index(item[0]), reverse=True)
    ]
    order = ((Severity.ERROR, "wrong"), (Severity.WARNING, "worth a look"), (Severity.NOTE, "good to know"))
    words = ", ".join(f"{severities[severity]:,} {called}" for severity, called in order if severities[severity])
    return f"{words}{_depth(report)}.", rows[:MOST_FINDINGS]


def _depth(report: Report) -> str:
    """Say how far the doctor has looked."""
    return "" if report.nearest_agreement is not None else " (the files alone; wrong labels were not looked for)"


def _short(words: str) -> str:
    return words if len(words) <= 160 else f"{words[:159]}…"


def _limits(facts: CardFacts) -> list[str]:
    train, count = facts.images("train"), len(facts.header.classes)
    one, several = _words(facts).one, _words(facts).several
    lines = [
        f"It knows {count:,} classes and nothing else: a {one} of anything else gets one of their names, often "
        "with a high probability.",
        f"It was measured on {several} of the same collection as those it learnt from. On {several} from another "
        "origin, place, time or style it does worse, and nobody has measured how much.",
        f"Who or what is missing from the {several} was not looked into; neither were fairness, attacks on it, or "
        f"whether its probabilities can be believed on other {several}.",
    ]
    if train is not None and train < 100 * count:
        lines.insert(0, f"It has seen few {several}: {train:,} for {count:,} classes.")
    held = facts.own_answers
    if held is not None:
        scores = f1_scores(confusion_matrix(held.labels, held.guesses, count))
        weak = [facts.header.classes[at] for at in np.argsort(scores, kind="stable")[:3] if scores[at] < 0.5]
        if weak:
            lines.append(f"It is weakest (F1 below 0.5 in validation) at {', '.join(map(markdown, weak))}.")
    lines.append("Do not let it decide anything alone that matters to a person.")
    return lines


def _is_unknown(spec: ModelSpec) -> bool:
    return spec.own or spec.licence.lower() in {"", UNKNOWN}


def _licence_of_weights(spec: ModelSpec) -> str:
    if spec.own:
        return f"{UNKNOWN}: the run began from a checkpoint of its maker's own, which names none"
    if _is_unknown(spec):
        return f"{UNKNOWN}: {spec.provider} names none, see {spec.recipe or spec.source}"
    return f"{spec.licence}, as {'its makers' if spec.bundled else str(spec.provider)} state it"


def licence_of_data(name: str) -> str:
    """Return the licence of a target's pictures, "unknown" said plainly."""
    if name in SHIPPED:
        return SHIPPED[name].licence
    if name in PUBLIC:
        return f"{PUBLIC[name].licence} ({PUBLIC[name].url})"
    return f"{UNKNOWN}; whoever collected them knows"


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))
