"""Tables of ``docs/benchmarks.md`` that commands write between two marks, such as ``<!-- speed -->``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"


def write_between(mark: str, words: str) -> None:
    """Put words between the document's two marks of a name."""
    sign = f"<!-- {mark} -->"
    pattern = re.compile(f"{re.escape(sign)}.*?{re.escape(sign)}", re.DOTALL)
    text = DOCUMENT.read_text(encoding="utf-8")
    if not pattern.search(text):
        raise SystemExit(f"{DOCUMENT.name} has no two marks {sign} to write between.")
    DOCUMENT.write_text(pattern.sub(lambda _: f"{sign}\n{words}\n{sign}", text), encoding="utf-8")


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a file of JSON lines; none where there is no such file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def speed_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the cases of ``speed.py`` as Markdown, the last of each name, two networks side by side."""
    last = {row["name"]: row for row in rows}
    models = {"squeezenet1_1": "SqueezeNet 1.1", "tf_efficientnet_lite0": "EfficientNet-Lite0"}
    columns = " | ".join(f"{title} | over its floor | memory, MB" for title in models.values())
    lines = [f"| strategy | {columns} |", "|---" * (1 + 3 * len(models)) + "|"]
    for case in dict.fromkeys(name.partition("-")[0] for name in last):
        cells = [_cells(last.get(f"{case}-{model}")) for model in models]
        lines.append(f"| {'all seven' if case == 'all' else f'`{case}`'} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cells(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return "not measured | | "
    once = ", one run" if row["rounds"] == 1 else ""
    return (
        f"{row['ours_s']:.1f} s instead of {row['baseline_s']:.1f} s, {row['ratio']:.2g} times{once} | "
        f"{row['over_floor']:.2f} | {row['ours_memory_mb']:,.0f} instead of {row['baseline_memory_mb']:,.0f}"
    )
