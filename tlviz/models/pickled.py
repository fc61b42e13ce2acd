"""A pickle read as a description: what it would build is written down, nothing in it is imported, called or built.

The reader goes through the opcodes that ``pickletools`` lists, with a stack of its own.  A global stays a pair of
names and a call stays a note that it was asked for, so no file can run code here, whatever it names.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

MOST_STEPS = 1_500_000
"""Checkpoints with their optimizers take some 100,000; going through this many takes about two seconds."""
_MOST_DEEP = 200
_MOST_NAMED = 5_000_000
_PARTS = 8
"""Objects are made of one or two states and few arguments; more are looked at no further."""
_PLAIN_KEYS = (str, int, float, bool, bytes, type(None))


class DamagedPickleError(ValueError):
    """A pickle that follows no rule, or that is no checkpoint's."""


@dataclass(frozen=True, slots=True)
class Named:
    """A global that a pickle names: a class or a function, which is never looked up."""

    module: str
    name: str

    def __str__(self) -> str:
        """Write it as in Python."""
        return f"{self.module}.{self.name}"[:80]


@dataclass(slots=True, eq=False)
class Made:
    """An object that a pickle asks to make by calling ``maker``; what it would hold is kept as plain data."""

    maker: Any
    arguments: tuple[Any, ...] = ()
    states: list[Any] = field(default_factory=list)
    entries: dict[Any, Any] = field(default_factory=dict)
    members: list[Any] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """Return the name of what would be made."""
        maker = self.maker
        for _ in range(_MOST_DEEP):
            if not isinstance(maker, Made):
                break
            maker = maker.maker
        return str(maker) if isinstance(maker, Named) else "an object"


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """What a pickle refers to by an identity of its own: a part of the file outside the pickle."""

    identity: Any


@dataclass(slots=True)
class Reading:
    """What a pickle holds, the globals it names, and the calls it asks for, in order.

    ``has_odd_keys`` says that a key of a dictionary is no plain value; hashing one may end the process.
    """

    content: Any
    names: set[Named]
    calls: list[Made]
    has_odd_keys: bool


def read_pickle(file: IO[bytes], make: Callable[[Named, Any], Any] | None = None) -> Reading:
    """Read one pickle up to its end, where the file's position then is.

    ``make`` is asked about each call of a global and returns what stands for the result, or None for a plain note.
    Raises ``DamagedPickleError``.
    """
    reader = _Reader(make)
    try:
        for steps, (opcode, argument, _) in enumerate(pickletools.genops(file)):
            if steps > MOST_STEPS:
                raise DamagedPickleError("it has far more entries than a checkpoint")
            if opcode.name == "STOP":
                return Reading(reader.pop(), reader.names, reader.calls, reader.has_odd_keys)
            reader.step(opcode.name, argument)
    except DamagedPickleError:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise DamagedPickleError(f"its pickle is damaged: {str(error)[:80]}") from error
    raise DamagedPickleError("its pickle has no end")


_MARK = object()
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_FRESH: dict[str, Callable[[], Any]] = {"EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_TUPLE": tuple}
_VALUES = frozenset(
    """
    INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING BINBYTES
    SHORT_BINBYTES BINBYTES8 BYTEARRAY8 UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8
    """.split()  # noqa: SIM905 (a list of words is read more easily)
)
_NOTHING = frozenset({"PROTO", "FRAME", "READONLY_BUFFER"})
_SET = Named("builtins", "set")


class _Reader:
    """The stack and the memory of one pickle."""

    def __init__(self, make: Callable[[Named, Any], Any] | None) -> None:
        self._stack: list[Any] = []
        self._memory: dict[int, Any] = {}
        self._make = make
        self.names: set[Named] = set()
        self.calls: list[Made] = []
        self.has_odd_keys = False

    def pop(self) -> Any:
        value = self._stack.pop()
        if value is _MARK:
            raise DamagedPickleError("its pickle is damaged: a mark without an end")
        return value

    def step(self, name: str, argument: Any) -> None:
        """Do what one opcode says, as far as that is writing down."""
        if name in _VALUES:
            self._stack.append(argument)
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name in _FRESH:
            self._stack.append(_FRESH[name]())
        elif name not in _NOTHING:
            action = _ACTIONS.get(name)
            if action is None:
                raise DamagedPickleError(f"its pickle has the step {name}, which no checkpoint has")
            action(self, argument)

    def _marked(self) -> list[Any]:
        at = len(self._stack) - 1
        while self._stack[at] is not _MARK:  # an IndexError below the bottom
            at -= 1
            if at < 0:
                raise DamagedPickleError("its pickle is damaged: an end without a mark")
        found = self._stack[at + 1 :]
        del self._stack[at:]
        return found

    def _top(self) -> Any:
        top = self._stack[-1]
        if top is _MARK:
            raise DamagedPickleError("its pickle is damaged: a mark without an end")
        return top

    def mark(self, _argument: Any) -> None:
        self._stack.append(_MARK)

    def drop(self, _argument: Any) -> None:
        self._stack.pop()

    def drop_marked(self, _argument: Any) -> None:
        self._marked()

    def again(self, _argument: Any) -> None:
        self._stack.append(self._top())

    def recall(self, argument: Any) -> None:
        self._stack.append(self._memory[int(argument)])

    def remember(self, argument: Any) -> None:
        self._memory[int(argument)] = self._top()

    def memoize(self, _argument: Any) -> None:
        self._memory[len(self._memory)] = self._top()

    def gather_list(self, _argument: Any) -> None:
        self._stack.append(self._marked())

    def gather_tuple(self, _argument: Any) -> None:
        self._stack.append(tuple(self._marked()))

    def gather_set(self, _argument: Any) -> None:
        self._stack.append(Made(_SET, members=self._marked()))

    def empty_set(self, _argument: Any) -> None:
        self._stack.append(Made(_SET))

    def gather_dict(self, _argument: Any) -> None:
        self._stack.append(self._put({}, self._marked()))

    def some(self, count: int) -> None:
        found = [self.pop() for _ in range(count)]
        self._stack.append(tuple(reversed(found)))

    def add_one(self, _argument: Any) -> None:
        value = self.pop()
        _extend(self._top(), [value])

    def add_all(self, _argument: Any) -> None:
        values = self._marked()
        _extend(self._top(), values)

    def set_one(self, _argument: Any) -> None:
        value, key = self.pop(), self.pop()
        self._put(_entries(self._top()), [key, value])

    def set_all(self, _argument: Any) -> None:
        pairs = self._marked()
        self._put(_entries(self._top()), pairs)

    def _put(self, entries: dict[Any, Any], pairs: list[Any]) -> dict[Any, Any]:
        """Set pairs; a key that is no plain value is wrapped, so that it is never hashed."""
        if len(pairs) % 2:
            raise DamagedPickleError("its pickle is damaged: a key without a value")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            is_plain = isinstance(key, _PLAIN_KEYS)
            self.has_odd_keys |= not is_plain
            entries[key if is_plain else _Key(key)] = value
        return entries

    def name(self, argument: Any) -> None:
        module, _, called = str(argument).partition(" ")
        self._name(module, called)

    def name_on_stack(self, _argument: Any) -> None:
        called, module = self.pop(), self.pop()
        if not isinstance(module, str) or not isinstance(called, str):
            raise DamagedPickleError("its pickle is damaged: a name that is no text")
        self._name(module, called)

    def _name(self, module: str, called: str) -> None:
        found = Named(module, called)
        self.names.add(found)
        self._stack.append(found)

    def call(self, _argument: Any) -> None:
        arguments, maker = self.pop(), self.pop()
        self._call(maker, arguments)

    def call_with_words(self, _argument: Any) -> None:
        words, arguments, maker = self.pop(), self.pop(), self.pop()
        self._call(maker, arguments if not words else (arguments, words))

    def call_marked(self, _argument: Any) -> None:
        maker, *arguments = self._marked()
        self._call(maker, tuple(arguments))

    def call_named(self, argument: Any) -> None:
        arguments = tuple(self._marked())
        self.name(argument)
        self._call(self.pop(), arguments)

    def _call(self, maker: Any, arguments: Any) -> None:
        """Write a call down; ``make`` may say what its result is."""
        found = self._make(maker, arguments) if self._make and isinstance(maker, Named) else None
        if found is None:
            found = Made(maker, arguments if isinstance(arguments, tuple) else (arguments,))
            self.calls.append(found)
        self._stack.append(found)

    def build(self, _argument: Any) -> None:
        state, built = self.pop(), self._top()
        if isinstance(built, Made):
            built.states.append(state)

    def refer(self, _argument: Any) -> None:
        self._stack.append(Stored(self.pop()))

    def refer_by_text(self, argument: Any) -> None:
        self._stack.append(Stored(argument))


_ACTIONS: dict[str, Callable[[_Reader, Any], None]] = {
    "MARK": _Reader.mark,
    "POP": _Reader.drop,
    "POP_MARK": _Reader.drop_marked,
    "DUP": _Reader.again,
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Reader.recall),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Reader.remember),
    "MEMOIZE": _Reader.memoize,
    "LIST": _Reader.gather_list,
    "TUPLE": _Reader.gather_tuple,
    "TUPLE1": lambda reader, _: reader.some(1),
    "TUPLE2": lambda reader, _: reader.some(2),
    "TUPLE3": lambda reader, _: reader.some(3),
    "FROZENSET": _Reader.gather_set,
    "EMPTY_SET": _Reader.empty_set,
    "DICT": _Reader.gather_dict,
    "APPEND": _Reader.add_one,
    **dict.fromkeys(("APPENDS", "ADDITEMS"), _Reader.add_all),
    "SETITEM": _Reader.set_one,
    "SETITEMS": _Reader.set_all,
    "GLOBAL": _Reader.name,
    "STACK_GLOBAL": _Reader.name_on_stack,
    "REDUCE": _Reader.call,
    "NEWOBJ": _Reader.call,
    "NEWOBJ_EX": _Reader.call_with_words,
    "OBJ": _Reader.call_marked,
    "INST": _Reader.call_named,
    "BUILD": _Reader.build,
    "BINPERSID": _Reader.refer,
    "PERSID": _Reader.refer_by_text,
}
"""What is done at each opcode; those of an extension registry and of buffers outside the file are in no checkpoint."""


def _extend(target: Any, values: list[Any]) -> None:
    if isinstance(target, Made):
        target.members.extend(values)
    elif isinstance(target, list):
        target.extend(values)
    else:
        raise DamagedPickleError("its pickle is damaged: something is added to what is no list")


def _entries(target: Any) -> dict[Any, Any]:
    if isinstance(target, Made):
        return target.entries
    if isinstance(target, dict):
        return target
    raise DamagedPickleError("its pickle is damaged: something is set in what is no dictionary")


@dataclass(frozen=True, slots=True, eq=False)
class _Key:
    """A key that is no plain value."""

    value: Any


def as_mapping(value: Any) -> dict[Any, Any] | None:
    """Return what an object holds by name: a dictionary's entries, an object's attributes and entries; None if none."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, Made):
        return None
    found: dict[Any, Any] = {}
    for state in value.states[-_PARTS:]:
        for part in state if isinstance(state, tuple) else (state,):  # attributes, or those and the slots
            if isinstance(part, dict):
                found |= part
    for argument in value.arguments[:_PARTS]:
        if isinstance(argument, dict):
            found |= argument
        elif isinstance(argument, list):  # a dictionary given as pairs
            found |= {pair[0]: pair[1] for pair in argument if _is_pair(pair)}
    return found | value.entries


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple | list) and len(value) == 2 and isinstance(value[0], _PLAIN_KEYS)


def walk(value: Any, most_deep: int) -> Iterator[tuple[tuple[str, ...], dict[Any, Any]]]:
    """Yield each thing with named parts in what was read, once, with the names that lead to it, from the top down."""
    seen: set[int] = set()
    named = 0
    level: list[tuple[tuple[str, ...], Any]] = [((), value)]
    for _ in range(most_deep + 1):
        below: list[tuple[tuple[str, ...], Any]] = []
        for path, one in level:
            if id(one) in seen or not isinstance(one, dict | Made | list | tuple):
                continue
            seen.add(id(one))
            mapping = as_mapping(one)
            if mapping is not None:
                named += len(mapping)
                if named > _MOST_NAMED:
                    raise DamagedPickleError("it has far more entries than a checkpoint")
                yield path, mapping
                below += [((*path, str(key)), part) for key, part in mapping.items() if isinstance(key, str | int)]
            elif isinstance(one, list | tuple) and len(one) <= _MOST_DEEP:
                below += [((*path, str(at)), part) for at, part in enumerate(one)]
        level = below
