"""Calls in a pickle that are no data: a file with them is a trap, though nothing of it is ever run here."""

from __future__ import annotations

from tlviz.models.pickled import Made, Named, Reading

_MODULES = frozenset(
    """
    os posix nt io _io sys subprocess shutil socket runpy importlib pty ctypes webbrowser code codeop commands timeit
    pdb pickle _pickle cPickle marshal urllib http ftplib smtplib requests signal multiprocessing threading asyncio
    """.split()  # noqa: SIM905 (a list of words is read more easily)
)
_BUILTINS = {"builtins", "__builtin__"}
_HARMLESS = {"set", "frozenset", "dict", "list", "tuple", "bytes", "bytearray", "complex", "slice", "range"}
_HARMLESS |= {"object", "int", "float", "str", "bool", "getattr", "type"}
_METHOD_MAKERS = {"getattr", "partial", "attrgetter", "methodcaller"}


def find_code(reading: Reading) -> str:
    """Return the first call of a pickle that would run a program, by its name, '' where there is none."""
    for call in reading.calls:
        maker = call.maker
        if isinstance(maker, Made) and maker.kind.rpartition(".")[2] in (
            "getattr",
            "partial",
            "attrgetter",
            "methodcaller",
        ):
            return f"a method of {maker.arguments[0] if maker.arguments else 'an object'}"[:80]
        if isinstance(maker, Named) and _is_code(maker):
            return str(maker)
    return ""


def _is_code(maker: Named) -> bool:
    if maker.module in _BUILTINS:
        return maker.name not in _HARMLESS
    _, dot, last = maker.name.rpartition(".")
    is_method = bool(dot) and last[:1].islower()
    return maker.module.partition(".")[0] in _MODULES or maker.module == "torch.hub" or is_method
