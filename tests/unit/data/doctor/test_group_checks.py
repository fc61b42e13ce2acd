"""Groups across the parts, and groups that nobody has declared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from tlviz.data.doctor.findings import Kind, Severity
from tlviz.data.sources.reading import ReadAs
from tlviz.diagnose.doctor import check_dataset, known_report

GROUPS = {Kind.GROUP_LEAK, Kind.GROUP_HINT}


def folder(tmp_path: Path, names: Sequence[str]) -> str:
    for at, name in enumerate(names):
        path = tmp_path / "set" / name  # beside the program's own folder
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.new("RGB", (40, 40), (at * 20 % 256, 255 - at * 20 % 256, 60))
        picture.putpixel((at, at), (255, 255, 255))
        picture.save(path)
    return str(tmp_path / "set")


def found(data: str, **decided: str) -> list[tuple[Kind, Severity, str, str]]:
    report = check_dataset(data, features=False, read_as=ReadAs(**decided))  # type: ignore[arg-type]
    return [(f.kind, f.severity, f.problem, f.action) for f in report.findings if f.kind in GROUPS]


STRADDLING = [f"{part}/{name}/patient{at}_{part}.png" for part in ("train", "test") for name in ("cat", "dog")
              for at in (1, 2)]  # fmt: skip


def test_a_declared_group_in_two_parts_is_a_leak(tmp_path: Path) -> None:
    findings = found(folder(tmp_path, STRADDLING), group_pattern=r"patient\d+")
    assert [finding[:3] for finding in findings] == [
        (Kind.GROUP_LEAK, Severity.ERROR, f"its group 'patient{at}' is in several parts: 2 in test and 2 in train")
        for at in (1, 2)
    ]


def test_names_that_suggest_a_leak_come_with_the_option_that_settles_it(tmp_path: Path) -> None:
    data = folder(tmp_path, STRADDLING)
    ((kind, severity, problem, action),) = found(data)
    assert (kind, severity) == (Kind.GROUP_LEAK, Severity.WARNING)
    assert "2 of 2 such groups are in several parts" in problem
    pattern = action.partition("--group-pattern '")[2].partition("')")[0]
    assert len(found(data, group_pattern=pattern)) == 2


def test_names_that_suggest_groups_that_would_be_drawn_apart(tmp_path: Path) -> None:
    names = [f"{name}/patient{at}_{shot}.png" for name in ("cat", "dog") for at in (1, 2) for shot in (1, 2)]
    data = folder(tmp_path, names)
    ((kind, _, problem, action),) = found(data)
    assert kind is Kind.GROUP_HINT
    assert "2 groups, such as patient1, patient2" in problem
    assert "--group-pattern" in action
    assert found(data, group_pattern=r"patient\d+") == []


def test_a_column_suggests_groups(tmp_path: Path) -> None:
    names = [f"{at}.png" for at in range(8)]
    folder(tmp_path, names)
    rows = [f"{name},{'ab'[at % 2]},s{at // 2},{'train' if at < 5 else 'test'}" for at, name in enumerate(names)]
    table = tmp_path / "set/t.csv"
    table.write_text("\n".join(["file,label,subject_id,split", *rows]))
    ((kind, _, problem, action),) = found(str(table))
    assert kind is Kind.GROUP_LEAK
    assert "the column 'subject_id' suggests" in problem
    assert "1 of 4 such groups are in several parts: s2" in problem
    assert "--split-column none --group-column 'subject_id'" in action
    assert found(str(table), split_column="none", group_column="subject_id") == []


def test_copies_found_before_are_known_to_a_run_with_groups(tmp_path: Path) -> None:
    data = folder(
        tmp_path, [f"{name}/patient{at}_{shot}.png" for name in ("cat", "dog") for at in (1, 2) for shot in (1, 2)]
    )
    found(data)
    assert known_report(data, ReadAs(group_pattern=r"patient\d+")) is not None


def test_a_folder_without_groups_has_no_such_finding(tmp_path: Path) -> None:
    assert found(folder(tmp_path, [f"{name}/IMG_{at}.png" for name in ("cat", "dog") for at in range(4)])) == []
