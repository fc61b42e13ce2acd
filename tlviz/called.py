"""Packages that are functions too: ``tlviz.finetune(...)`` trains, and ``tlviz.finetune.config`` is a module.

Three functions of the Python interface have the names of rooms.  Their packages call ``make_called``, so that it does
not matter which of the two a person, or a module, meant and imported first.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from inspect import Signature, signature
from types import ModuleType
from typing import Any

from tlviz import FUNCTIONS


class CalledPackage(ModuleType):
    """A package that hands a call to the function of its name."""

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        """Call the function."""
        return _function(self.__name__)(*arguments, **settings)

    @property
    def __signature__(self) -> Signature:
        """What the function takes, for help and completion."""
        return signature(_function(self.__name__))

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        """What the function does."""
        return str(_function(self.__name__).__doc__)


def make_called(package: str) -> None:
    """Let a package of ``tlviz`` be called like the function of its name."""
    sys.modules[package].__class__ = CalledPackage


def _function(package: str) -> Callable[..., Any]:
    """Return the function, imported by name and not before it is called: it stands above the packages."""
    root, _, name = package.rpartition(".")
    found: Callable[..., Any] = getattr(import_module(f"{root}.api.{FUNCTIONS[name]}"), name)
    return found
