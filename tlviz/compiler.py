"""Keep torch's compiler out of processes that never compile: it costs seconds of each start.

torchvision's import, timm's and the first optimizer import ``torch._dynamo`` for a name each: a check, ``disable``,
which marks a function as not to be compiled, and ``graph_break``, which ends what is being compiled.  tlviz compiles
nothing, so until somebody asks for more, a stand-in answers those three; whatever else is asked of it, or imported
below it, loads the real compiler in its place.
With another torch that asks for other names, the stand-in does no more than give way.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, MutableSequence, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

NAME = "torch._dynamo"
CHECK = f"{NAME}.utils"
_ONE = threading.RLock()


def stand_in() -> None:
    """Put the stand-in where the compiler would be, unless that has been loaded already."""
    with _ONE:
        if NAME not in sys.modules:
            sys.modules[NAME] = _StandIn(NAME)
            sys.modules[CHECK] = _Check(CHECK)
            sys.meta_path.insert(0, _GiveWay())


def load_compiler() -> ModuleType:
    """Load the real compiler in place of its stand-in; return it."""
    with _ONE:
        if isinstance(sys.modules.get(NAME), _StandIn):
            sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _GiveWay)]
            for name in (NAME, CHECK):
                sys.modules.pop(name, None)
        return import_module(NAME)


class _StandIn(ModuleType):
    """Answers ``disable`` and ``graph_break``; anything else is the real compiler's."""

    __path__: MutableSequence[str] = []  # noqa: RUF012 (nothing lies below the stand-in)

    @staticmethod
    def disable(
        fn: Callable[..., Any] | None = None,
        recursive: bool = True,
        *,
        reason: str | None = None,
        wrapping: bool = True,
    ) -> Any:
        """Return the function as it is: where nothing is compiled there is nothing to switch off."""
        del recursive, reason, wrapping
        return fn if fn is not None else lambda function: function

    @staticmethod
    def graph_break(msg: str = "") -> None:
        """Do nothing: nothing is being compiled."""

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the real compiler, and of no module protocol's."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(load_compiler(), name)


class _Check(ModuleType):
    """Answers the one name that torchvision imports; anything else is the real compiler's."""

    @staticmethod
    def is_compile_supported(device_type: Any) -> Any:
        """Return what the real check returns."""
        return import_module(load_compiler().__name__ + ".utils").is_compile_supported(device_type)

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the real module, and of no module protocol's."""
        if name.startswith("__"):
            raise AttributeError(name)
        load_compiler()
        return getattr(import_module(CHECK), name)


class _GiveWay(MetaPathFinder):
    """Loads the real compiler when a module below it is imported."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec of the real module, None for what is not the compiler's."""
        del path, target
        if not fullname.startswith(f"{NAME}."):
            return None
        load_compiler()
        return ModuleSpec(fullname, _Loaded(import_module(fullname)), is_package=False)


class _Loaded(Loader):
    """Hands out a module that has been loaded."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module."""
        del spec
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: it was executed when it was loaded; give it its own spec back."""
        module.__spec__ = self._spec
