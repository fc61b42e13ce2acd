"""A report is one file that stands alone, with every name shown as it is."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from tests.unit.runs.made_races import hits, write_race
from tests.unit.runs.odd_runs import ODD
from tlviz.cli import main
from tlviz.export.race_report import race_report_html
from tlviz.export.report import report_html
from tlviz.finetune.config import configure
from tlviz.runs.notes import Notes, write_notes
from tlviz.runs.overview import overview
from tlviz.runs.predictions import Answers, write_answers
from tlviz.runs.races.race import read_race
from tlviz.runs.store.folder import RunFolder, create_run

EVIL = "</script><script>alert('x')</script><img src=x onerror=alert(1)>"


class Reader(HTMLParser):
    """Collects what a browser would load or run, and the words it would show."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def make(name: str = "", strategy: str = "full") -> RunFolder:
    settings = configure("squeezenet1_1", "clipart", strategy).to_json()
    run = create_run("finetune", strategy, settings | {"odd": EVIL})
    numbers = {"val_loss": 1.0, "duration_s": 1.0, "images_per_s": 1.0}
    events = [
        {"event": "started", "classes": [EVIL, "b"], "validation_images": 2, "train_images": 8, "test_images": 0},
        {"event": "epoch", "epoch": 0, "val_accuracy": 0.25} | numbers,
        {"event": "epoch", "epoch": 1, "val_accuracy": 0.5, "weight_drift": {EVIL: 0.1}} | numbers,
        {"event": "gauged", "moment": "best", "similarity": {EVIL: 0.5}},
        {"event": "finished", "status": "finished", "duration_s": 2.0, "test_accuracy": 0.75},
    ]
    (run.path / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    logits = np.array([[2, 0], [2, 0]], dtype=np.float32)
    write_answers(run, Answers(1, (EVIL, "b"), (EVIL, "x"), np.array([0, 1]), logits))
    write_notes(run, Notes(name, "first line\nsecond", ()))
    return run


def read(content: str) -> Reader:
    reader = Reader()
    reader.feed(content)
    return reader


def test_a_report_stands_alone_and_tells_the_numbers() -> None:
    make("my run")
    page = report_html(overview())
    told = read(page)
    for _, attributes in told.tags:
        assert not {"src", "href"} & attributes.keys(), "nothing is loaded from anywhere"
    words = " ".join(told.words)
    for expected in ("my run", "50.0% ± 28.9%", "75.0%", "1 of 2 right", "first line", "batch_size", "tlviz"):
        assert expected in words
    assert page.count('class="plotly-graph-div"') == 7
    assert len(re.findall(r"plotly\.js v[\d.]+", page[:2_000_000])) >= 1
    assert page.count("plotly.js v") < 4, "the library is there once"


def test_no_name_becomes_a_part_of_the_page() -> None:
    make(EVIL)
    make(EVIL, "head_only")
    told = read(report_html(overview()))
    assert not [tag for tag, _ in told.tags if tag == "img"]
    assert not [attributes for _, attributes in told.tags if "onerror" in attributes]
    scripts = [tag for tag, _ in told.tags if tag == "script"]
    plain = read(report_html(overview()[:1]))
    assert len(scripts) > len([tag for tag, _ in plain.tags if tag == "script"])
    assert any(EVIL in word for word in told.words)
    assert not any(word.strip().startswith("alert(") for word in told.words)


def test_a_report_on_two_runs_names_what_differs() -> None:
    make("", "full")
    make("", "head_only")
    words = " ".join(read(report_html(overview())).words)
    assert "2 runs compared" in words
    assert "Settings that differ" in words
    assert "A Head only" in words
    assert "B Full" in words


@pytest.mark.parametrize("kind", ODD)
def test_a_damaged_run_has_a_report_too(kind: str) -> None:
    run = make()
    ODD[kind](run)
    rows = overview()
    if rows:
        assert report_html(rows).endswith("</html>\n")


def test_the_command_line_writes_the_reports_of_the_pages(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    race = write_race({("full", 0): [hits(6, 10), hits(8, 10)], ("gradual", 0): [hits(5, 10)]})
    names = [str(member.run) for member in read_race(race).members]
    rows = {row.run: row for row in overview()}
    compared = tmp_path / "new" / "compared.html"
    assert main(["runs", "report", *names, names[0], "--to", str(compared)]) == 0
    written_at = re.compile(r"[-\d]+ \d\d:\d\d by tlviz")  # a minute may have begun meanwhile
    told = (compared.read_text(encoding="utf-8"), report_html([rows[name] for name in names]))
    assert len({written_at.sub("", page) for page in told}) == 1
    assert main(["runs", "report", str(race.path), "--to", str(tmp_path), "--json"]) == 0
    written = tmp_path / f"{race.name}.html"
    assert written.read_text(encoding="utf-8") == race_report_html(race)
    told = capsys.readouterr().out.splitlines()
    assert told[0] == str(compared)
    assert json.loads(told[1]) == {"runs": [race.name], "file": str(written)}


@pytest.mark.parametrize("what", ["race among runs", "elsewhere", "unknown", "disk"])
def test_a_report_that_cannot_be_written_is_one_sentence_and_no_file(
    what: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    run, race = make(), write_race({("full", 0): [hits(6, 10)]})
    elsewhere = shutil.copytree(run.path, tmp_path / "carried" / run.name)
    file, blocked = tmp_path / "report.html", tmp_path / "file" / "report.html"
    blocked.parent.write_text("no folder")
    arguments, words = {
        "race among runs": ([run.name, race.name, "--to", str(file)], f"{race.name} is not a fine-tuning run"),
        "elsewhere": ([str(elsewhere), "--to", str(file)], f"{run.name} is not a fine-tuning run of this machine"),
        "unknown": (["none", "--to", str(file)], "There is no run called 'none'"),
        "disk": ([run.name, "--to", str(blocked)], "Cannot write"),
    }[what]
    assert main(["runs", "report", *arguments]) == 2
    told = capsys.readouterr()
    assert (told.out, len(told.err.splitlines())) == ("", 1)
    assert words in told.err
    assert not file.exists()
