"""What a checkpoint says beside its tensors: the names of its classes, and how its network was built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tlviz.models.pickled import Made, as_mapping, walk

_MOST_DEEP = 4
_MOST_CLASSES = 200_000
_CLASS_KEYS = (
    "class_to_idx",
    "idx_to_class",
    "classes",
    "class_names",
    "classnames",
    "label_names",
    "label_to_idx",
    "idx_to_label",
    "label2id",
    "id2label",
    "class2idx",
    "idx2class",
    "label2idx",
    "idx2label",
    "class_to_index",
    "index_to_class",
    "label_to_index",
    "index_to_label",
    "index_to_name",
    "name_to_index",
    "cat_to_idx",
    "label_map",
    "labels_map",
    "class_map",
    "class_mapping",
    "label_mapping",
    "class_dict",
    "class_labels",
    "target_names",
    "category_names",
    "categories",
    "labels",
    "names",
)
"""The names under which programs keep their classes, the plainest first."""
_SCALING = (("mean", "std"), ("image_mean", "image_std"), ("img_mean", "img_std"), ("norm_mean", "norm_std"))


def find_class_names(content: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each list of class names in a checkpoint in the order of the logits, with the name it has there."""
    found: list[tuple[int, str, tuple[str, ...]]] = []
    for path, mapping in walk(content, _MOST_DEEP):
        for key, value in mapping.items():
            plain = _plain_key(key)
            if plain in _CLASS_KEYS and (names := class_names(value)):
                found.append((_CLASS_KEYS.index(plain), ".".join([*map(str, path), str(key)]), names))
    for _, where, names in sorted(found, key=lambda one: one[0]):
        yield where, names


def class_names(value: Any) -> tuple[str, ...]:
    """Return names from a list, or from a dictionary of names and numbers in either direction; () for anything else."""
    value = _unwrapped(value)
    if isinstance(value, list | tuple):
        return _all_names(value)
    mapping = as_mapping(value)
    if not mapping or len(mapping) > _MOST_CLASSES:
        return ()
    by_number: dict[int, Any] = {}
    for key, name in mapping.items():
        number, called = _numbered(key, _unwrapped(name))
        if number is None or number in by_number:
            return ()
        by_number[number] = called
    if sorted(by_number) == list(range(len(by_number))):
        return _all_names([by_number[at] for at in range(len(by_number))])
    return ()


def find_scaling(content: Any) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Return the mean and the deviation that a checkpoint's settings state side by side, None where they do not."""
    for _, mapping in walk(content, _MOST_DEEP):
        for mean, std in _SCALING:
            found = _three(mapping.get(mean)), _three(mapping.get(std))
            if not found[0] or not found[1]:
                continue
            unit = 255.0 if max(map(abs, found[0])) > 1 else 1.0  # 123.675 is for values from 0 to 255
            means, stds = (tuple(one / unit for one in numbers) for numbers in found)
            if max(map(abs, means)) <= 1 and 0.001 <= min(stds) <= max(stds) <= 1:
                return means, stds
    return None


def _three(value: Any) -> tuple[float, ...] | None:
    value = _unwrapped(value)
    if not isinstance(value, list | tuple) or len(value) != 3:
        return None
    is_number = all(isinstance(one, int | float) and not isinstance(one, bool) for one in value)
    return tuple(map(float, value)) if is_number else None


def _numbered(key: Any, value: Any) -> tuple[int | None, Any]:
    """Tell the number from the name; a number goes before a text of digits, as classes may be called so."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value, key
    return (_whole(key), value) if _whole(key) is not None else (_whole(value), key)


def find_flag(content: Any, name: str) -> bool | None:
    """Return what a checkpoint's settings say under a name (hyper_parameters, args, config, …), None if nothing."""
    for _, mapping in walk(content, _MOST_DEEP):
        value = mapping.get(name)
        if isinstance(value, bool):
            return value
    return None


def _plain_key(key: Any) -> str:
    return key.lower().lstrip("_").replace("-", "_").replace(" ", "_") if isinstance(key, str) else ""


def _all_names(values: Sequence[Any]) -> tuple[str, ...]:
    """Return stripped names, all different; () where one is no name."""
    if not 0 < len(values) <= _MOST_CLASSES:
        return ()
    names = tuple(_name(value) for value in values)
    return names if all(names) and len(set(names)) == len(names) else ()  # type: ignore[return-value]


def _name(value: Any) -> str | None:
    value = _unwrapped(value)
    return value.strip() or None if isinstance(value, str) else None


def _whole(value: Any) -> int | None:
    """Return a whole number, also one written as text or held by numpy's scalar."""
    value = _unwrapped(value)
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) else None


def _unwrapped(value: Any) -> Any:
    """Return what a harmless object around a plain value holds: a numpy scalar, a configuration's node or list."""
    if not isinstance(value, Made):
        return value
    inner = as_mapping(value) or {}
    if value.kind.startswith("numpy") and value.kind.endswith(".scalar"):
        return _scalar(value.arguments)
    for name in ("_val", "_content"):  # omegaconf
        if name in inner:
            return inner[name]
    if not inner and value.members and not value.kind.endswith(("set", "frozenset")):  # a list of a class of its own
        return value.members
    return value


def _scalar(arguments: Sequence[Any]) -> Any:
    """Return the number or the text in numpy's scalar: its type and its bytes."""
    if len(arguments) != 2 or not isinstance(arguments[0], Made) or not arguments[0].arguments:
        return None
    kind, content = str(arguments[0].arguments[0]), arguments[1]
    if isinstance(content, Made) and content.arguments:  # bytes as protocol 2 writes them
        content = content.arguments[0]
    if isinstance(content, str):
        content = content.encode("latin-1", "replace")
    if not isinstance(content, bytes) or len(content) > 4096:
        return None
    if kind[:1] in ("i", "u") and len(content) <= 8:
        return int.from_bytes(content, "little", signed=kind[:1] == "i")
    return content.decode("utf-32-le", "replace").rstrip("\0") if kind[:1] == "U" else None
