"""What a run asks a cluster for, from ``cluster.toml`` in the tlviz home, the command line or the page."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from tlviz.errors import BadSettingError, UnknownNameError
from tlviz.home import home

LOCAL, SLURM = "local", "slurm"
LAUNCHERS = (LOCAL, SLURM)
FILE = "cluster.toml"
_LEAST = {"time_min": 1, "memory_gb": 0, "gpus": 0, "cpus": 1, "array_size": 1, "notice_s": 1}
_WORD = re.compile(r"[\w.,@:+-]+")


@dataclass(frozen=True, slots=True)
class Resources:
    """What one run gets: ``time_min`` minutes, ``memory_gb`` (0: as the cluster has it), ``gpus``, ``cpus``.

    ``array_size`` runs of a race work side by side; ``notice_s`` seconds before the limit a run saves and goes back
    into the queue; ``extra`` are further options of sbatch by their long names.  Raises ``BadSettingError``.
    """

    launcher: str = LOCAL
    partition: str = ""
    account: str = ""
    time_min: int = 60
    memory_gb: float = 0
    gpus: int = 0
    cpus: int = 2
    array_size: int = 8
    notice_s: int = 120
    extra: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no scheduler takes."""
        if self.launcher not in LAUNCHERS:
            raise UnknownNameError("launcher", str(self.launcher), LAUNCHERS)
        for name, least in _LEAST.items():
            value = getattr(self, name)
            kinds = int | float if name == "memory_gb" else int
            if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value < 10**6:
                raise BadSettingError(f"{name} is {value!r}; give a number from {least} on.")
        for name in ("partition", "account"):
            value = getattr(self, name)
            if not isinstance(value, str) or (value and not _WORD.fullmatch(value)):
                raise BadSettingError(f"{name} is {value!r}; give the name that sinfo or your cluster's help shows.")
        for name, value in self.extra.items():
            if not re.fullmatch(r"[a-z][a-z-]*", str(name)) or "\n" in str(value):
                raise BadSettingError(f"'{name}' is no option of sbatch; give its long name, such as qos=short.")

    def changed(self, values: Mapping[str, Any]) -> Self:
        """Return these with what was given in place of theirs; None is not given.  Raises ``BadSettingError``."""
        given = {name: value for name, value in values.items() if value is not None}
        own = {row.name: getattr(self, row.name) for row in fields(self)}
        extra = own["extra"] | dict(given.pop("extra", None) or {})
        return type(self)(**(own | given | {"extra": extra}))


def settings_file() -> Path:
    """Return where a person writes down what runs ask a cluster for."""
    return home() / FILE


def read_resources() -> Resources:
    """Return what ``cluster.toml`` says, or the defaults where there is none.

    Raises ``BadSettingError`` or ``UnknownNameError`` with the file's name for what cannot be read or is no setting.
    """
    path = settings_file()
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Resources()
    except (OSError, ValueError) as error:
        raise BadSettingError(f"{path} cannot be read ({error}); correct it or remove it.") from error
    known = [row.name for row in fields(Resources)]
    for name in values:
        if name not in known:
            raise UnknownNameError(f"setting in {path}", name, known)
    extra = values.get("extra", {})
    if not isinstance(extra, dict):
        raise BadSettingError(f"extra in {path} is {extra!r}; write a table [extra] with options of sbatch.")
    try:
        return Resources(**(values | {"extra": {name: str(value) for name, value in extra.items()}}))
    except BadSettingError as error:
        raise BadSettingError(f"{path}: {error}") from error
