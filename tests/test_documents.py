"""The documents tell the truth: commands, options, links, paths, names and figures in them exist."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer

from tlviz import __version__
from tlviz.cli.commands import main, make_app

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
README, COMMANDS = ROOT / "README.md", ROOT / "docs" / "command-line.md"
TREES = "tlviz|pages|tests|assets|docs"
every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


@cache
def read(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def code_of(document: Path) -> list[str]:
    """Return the lines of the plain blocks and the spans of code of a document; blocks of Python are examples."""
    text = re.sub(r"^```\w+\n.*?^```$", "", read(document), flags=re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`([^`]+)`", re.sub(r"^```\n.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    return [" ".join(code.split()) for code in [*"\n".join(blocks).splitlines(), *spans]]


def anchors_of(document: Path) -> set[str]:
    """Return the names that a page of this document gives its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", read(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readme_is_one_page_with_the_two_commands() -> None:
    lines = read(README).splitlines()
    assert len(lines) <= 120
    assert "pip install -r requirements.txt && streamlit run app.py" in lines
    assert "pip install -r requirements-dev.txt && pytest" in lines


def test_the_readme_names_every_page_with_its_question() -> None:
    from tlviz.ui.frame import PAGES

    rows = re.findall(r"^\| ([\w -]+) \| ([^|]+\?) \|", read(README), re.MULTILINE)
    assert [name for name, _ in rows] == [page[1] for page in PAGES]
    for (_, question), page in zip(rows, PAGES, strict=True):
        assert question.lower() in read(ROOT / page[0]).lower(), page[0]
    assert anchors_of(ROOT / "docs" / "pages.md") >= {page[1].lower().replace(" ", "-") for page in PAGES}


@every_document
def test_links_lead_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", read(document)):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        place = (document.parent / file).resolve() if file else document
        assert place.exists(), link
        assert not anchor or anchor in anchors_of(place), link


@every_document
def test_paths_exist(document: Path) -> None:
    for code in code_of(document):
        for path in re.findall(rf"(?<![\w./~-])(?:{TREES})/[\w./-]*", code):
            assert (ROOT / path.rstrip(".")).exists(), path


def command_lines() -> Iterator[tuple[str, str]]:
    """Yield document and command line of every use of the command line in a document."""
    for document in DOCUMENTS:
        for code in code_of(document):
            found = re.match(r"(?:python -m )?tlviz (?=[a-z-])(.+)", code)
            if found:
                yield document.name, found[1]


def find_command(words: list[str]) -> tuple[typer.core.TyperCommand, list[str]]:
    """Return the command that words begin with, and the words after it."""
    command = typer.main.get_command(make_app())
    while words and words[0] in (inner := getattr(command, "commands", {})):
        command, words = inner[words[0]], words[1:]
    return command, words


def options_of(command: typer.core.TyperCommand) -> set[str]:
    return {"--help"} | {name for one in command.params for name in (*one.opts, *one.secondary_opts)}


def all_commands() -> Iterator[tuple[str, typer.core.TyperCommand]]:
    """Yield every command that is not hidden with its words."""
    waiting = [("tlviz", typer.main.get_command(make_app()))]
    while waiting:
        words, command = waiting.pop()
        if not command.hidden:
            yield words, command
            waiting += [(f"{words} {name}", inner) for name, inner in getattr(command, "commands", {}).items()]


def test_every_command_line_in_a_document_can_be_typed() -> None:
    lines = list(command_lines())
    assert len(lines) > 50
    for document, line in lines:
        command, rest = find_command(line.split())
        is_whole = not getattr(command, "commands", {}) or not rest or rest[0].startswith("-")
        assert is_whole, f"{document}: {line}: no command {rest[0]}"
        for option in re.findall(r"(?<!\S)--[a-z][a-z0-9-]*", " ".join(rest)):
            assert option in options_of(command), f"{document}: {line}: {option}"


def test_every_option_in_the_guide_exists() -> None:
    known = set().union(*(options_of(command) for _, command in all_commands()))
    named = {option for code in code_of(COMMANDS) for option in re.findall(r"(?<!\S)--[a-z][a-z0-9-]*", code)}
    assert len(named) > 50
    assert named <= known, named - known


def test_every_command_and_option_is_in_the_guide() -> None:
    guide, missing = read(COMMANDS), []
    for words, command in all_commands():
        missing += [] if re.search(rf"\b{words}\b", guide) else [words]
        for one in command.params:
            names = [name for name in (*one.opts, *one.secondary_opts) if name.startswith("--")]
            is_there = any(re.search(rf"{name}\b(?!-)", guide) for name in names)
            missing += [] if is_there or not names or getattr(one, "hidden", False) else [f"{words} {names[0]}"]
    assert not missing


@pytest.mark.parametrize("command", ["models", "datasets", "models show"])
def test_the_keys_of_json_are_in_the_guide(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Those of commands that take no time; ``models show`` has the keys of ``models`` besides."""
    arguments = {"models": ["--bundled"], "models show": ["squeezenet1_1"]}.get(command, [])
    assert main([*command.split(), *arguments, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    rows = dict(re.findall(r"^\| `tlviz ([a-z ]+)` \| (`.*|those, .*) \|$", read(COMMANDS), re.MULTILINE))
    said = set(re.findall(r"`(\w+)`", rows[command] + (rows["models"] if command == "models show" else "")))
    found = set(printed) | {key for value in printed.values() if isinstance(value, list) for key in value[0]}
    assert said - ({"models", "damaged"} if command == "models show" else set()) == found


def test_modules_and_scripts_that_are_run_exist_with_their_options() -> None:
    scripts = 0
    for document in DOCUMENTS:
        for code in code_of(document):
            for module in re.findall(r"python -m (tlviz[\w.]*)", code):
                assert find_spec(module), module
            for script, rest in re.findall(r"python (tests/[\w/]+\.py)(.*)", code):
                scripts += 1
                for option in re.findall(r"--[a-z-]+", rest):
                    assert f'"{option}"' in read(ROOT / script), f"{script} {option}"
    assert scripts > 10


def test_names_in_the_code_are_where_the_documents_say() -> None:
    found = [
        pair
        for document in DOCUMENTS
        for pair in re.findall(r"`(\w+)`\s+(?:in|of)\s+`(tlviz/[\w/]+)\.py`", read(document))
    ]
    assert len(found) > 8
    for name, path in found:
        assert hasattr(import_module(path.replace("/", ".")), name), f"{name} in {path}.py"


def test_the_figures_of_the_readme_are_those_of_the_benchmarks() -> None:
    readme, tables = read(README), read(ROOT / "docs" / "benchmarks.md")
    (speed,) = re.findall(r"[\d.]+ s instead of [\d.]+ s", readme)
    assert f"| `head_only` | {speed}" in tables
    equal = [row for row in tables.split("<!-- equal -->")[1].splitlines() if row.startswith("| ") and "`" in row]
    (right, of) = re.findall(r"in (\d+) of (\d+) comparisons", readme)[0]
    assert [int(right), int(of)] == [sum(row.endswith("| equal |") for row in equal), len(equal)]
    (advice, full) = re.findall(r"advice costs (\d\.\d) points.*?always `full` costs (\d\.\d)", readme, re.DOTALL)[0]
    assert f"| the advice | {advice} |" in tables
    assert f"| always `full` | {full} |" in tables
    for percent, target in re.findall(r"(\d+)% on (\w+)", readme.partition("head alone")[2]):
        (share,) = re.findall(
            rf"\| `head_only` \| 5 \| {target} \| 5 \| ([\d.]+) \|", tables.replace("clipart", "clip")
        )
        assert round(100 * float(share)) == int(percent), target


def test_the_versions_agree() -> None:
    released = re.findall(r"^## \[(\d[^\]]*)\] - \d{4}-\d\d-\d\d$", read(ROOT / "CHANGELOG.md"), re.MULTILINE)
    assert released[0] == __version__
    citation = dict(re.findall(r"^(version|license|title): (.+)$", read(ROOT / "CITATION.cff"), re.MULTILINE))
    project = tomllib.loads(read(ROOT / "pyproject.toml"))["project"]
    assert citation == {"version": __version__, "license": project["license"], "title": project["name"]}
