"""Which of the possible readings of folders is meant: by their shape and names, or a question for the person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tlviz.data.sources.folder_slots import Arrangement, arrange, has_parts_inside, named_parts, signature, unwrapped
from tlviz.data.sources.folder_tree import Folder
from tlviz.data.sources.part_names import PARTS, TEST, TRAIN, VAL, is_filler, part_name, words_of
from tlviz.data.sources.reading import Layout, Question
from tlviz.data.sources.side_names import says_no_class

NAMED = 4
"""Classes that a sentence names."""
_FOLDERS = (Layout.CLASSES, Layout.PARTS, Layout.LEAVES)


@dataclass(frozen=True, slots=True)
class Decision:
    """The reading in use, the layouts that are possible, that one first, and what is not certain."""

    chosen: Arrangement
    possible: tuple[Layout, ...]
    questions: tuple[Question, ...]


def find_top(root: Folder) -> Folder:
    """Return the folder that holds parts or classes: wrappers around it are looked through.

    Of several folders, the only one that is a target by itself, with parts, is taken: what lies beside it is left out.
    """
    top = _unwrapped(root)
    while True:
        whole = [folder for folder in top.folders if _is_whole(_unwrapped(folder))]
        if len(whole) != 1 or any(_may_belong(folder, whole[0]) for folder in top.folders):
            return top
        top = _unwrapped(whole[0])


def _unwrapped(folder: Folder) -> Folder:
    """Return the folder below those that hold one folder only, unless that is a part or a class."""
    while len(folder.folders) == 1 and folder.folders[0].folders:
        only = folder.folders[0]
        if part_name(only.name) is not None and len({n.part for n in named_parts(only.folders).values()}) < 2:
            break
        folder = only
    return folder


def _is_whole(folder: Folder) -> bool:
    """Return whether a folder is a target by itself: training and another part, with the same classes in both."""
    named = named_parts(folder.folders)
    of_part: dict[str, set[str]] = {}
    for inner in folder.folders:
        if inner.path in named:
            of_part.setdefault(named[inner.path].part, set()).update(of.name for of in inner.folders)
    trained = of_part.get(TRAIN, set())
    return len(trained) > 1 and any(names & trained for part, names in of_part.items() if part != TRAIN)


def decide(top: Folder, wanted: Layout | None, called: str, pattern: str = "") -> Decision:
    """Choose how the folders in a folder are read; ``called`` begins the sentence of a question.

    ``pattern`` is that of the classes in the names of files, if any: then they are read so.
    """
    all_three = {layout: arrange(top, layout) for layout in _FOLDERS}
    possible = [layout for layout in _FOLDERS if all_three[layout].is_possible]
    if pattern or wanted is Layout.NAMES:
        return Decision(arrange(top, Layout.NAMES, pattern), _first(Layout.NAMES, possible), ())
    if wanted is not None:
        return Decision(all_three[wanted], _first(wanted, possible), ())
    guess, rivals, is_doubtful = _guess(top)
    if not all_three[guess].is_possible:
        guess = next((layout for layout in rivals if layout in possible), guess)
    own = signature(all_three[guess], top)
    others: list[Layout] = []
    for layout in rivals:
        if layout != guess and layout in possible:
            seen = [own, *(signature(all_three[other], top) for other in others)]
            if signature(all_three[layout], top) not in seen:
                others.append(layout)
    if not all_three[guess].is_possible or _are_no_classes(top):
        by_name = arrange(top, Layout.NAMES)
        if by_name.is_possible:
            rest = [all_three[layout] for layout in (guess, *others) if layout in possible]
            return Decision(by_name, _first(Layout.NAMES, possible), (_question(called, [by_name, *rest]),))
    questions: tuple[Question, ...] = ()
    if (others or is_doubtful) and all_three[guess].is_possible:
        questions = (_question(called, [all_three[guess], *(all_three[other] for other in others)]),)
    return Decision(all_three[guess], _first(guess, possible), questions)


def layout_words(read: Arrangement, top: Folder, root: Folder, *, naming: bool = False) -> str:
    """Say how folders were read; ``naming`` names the classes too."""
    classes = read.classes
    words = f"{len(classes):,} class{'' if len(classes) == 1 else 'es'}"
    if naming:
        words += f" {_listed(classes)}"
    parts = _parts_in_words(read)
    if read.layout is Layout.PARTS:
        words += f" in {parts}" if parts else " in folders that are put together"
    elif read.layout is Layout.LEAVES:
        words += ", the innermost folders" + (f", in {parts}" if parts else "")
    elif read.layout is Layout.NAMES:
        words += " by the names of the files" + (f", in {parts}" if parts else "")
    else:
        words += ", one folder each" + (f", in them {parts}" if parts else "")
    if top is not root and not naming:
        words += f", below {top.below}"
    both = [slot.folder for slot in read.slots if slot.whole and slot.folder.pictures and slot.folder.folders]
    if both and not naming:
        names = _listed([folder.below for folder in both])
        words += f"; what is in sub-folders of {names} belongs to the same class"
    return words


def _may_belong(folder: Folder, whole: Folder) -> bool:
    """Return whether a folder beside a whole target may be more of the same: parts in it, or the same classes."""
    if folder.path == whole.path:
        return False
    classes = {of.name for part in _unwrapped(whole).folders for of in part.folders}
    return any(part_name(inner.name) is not None or inner.name in classes for inner in folder.within())


def _guess(top: Folder) -> tuple[Layout, Sequence[Layout], bool]:
    """Return the likeliest layout, those that may contradict it, and whether it is doubtful even without such."""
    named = named_parts(top.folders)
    if has_parts_inside(top.folders):
        inner = [part for folder in top.folders for part in folder.folders]
        return Layout.CLASSES, [Layout.LEAVES] if _share_names(inner) else [], False
    if any(folder.path in named and folder.folders for folder in top.folders):
        return _guess_parts(top)
    if named:
        return _guess_flat(top)
    if _share_names(top.folders) or _are_above_classes(top.folders):
        return Layout.CLASSES, [Layout.LEAVES, Layout.PARTS], False
    return Layout.CLASSES, [], False


def _guess_parts(top: Folder) -> tuple[Layout, Sequence[Layout], bool]:
    """Guess where a folder is named like a part and has folders in it."""
    named = named_parts(top.folders)
    deep = [folder for folder in top.folders if folder.path in named and folder.folders]
    others = [folder for folder in top.folders if folder.path not in named]
    parts = {named[folder.path].part for folder in deep}
    if TRAIN in parts and (len({one.part for one in named.values()}) > 1 or not others):
        classes = [inner for folder in unwrapped(deep).values() for inner in folder.folders]
        rivals = [Layout.LEAVES] if _are_above_classes(classes) or _share_names(classes, ignoring_twins=True) else []
        return Layout.PARTS, rivals, False
    if TRAIN in parts:
        return Layout.PARTS, [Layout.CLASSES, Layout.LEAVES], False
    if not others:
        return Layout.PARTS, [], False
    tested = {inner.name for folder in deep for inner in folder.folders}
    if tested <= {folder.name for folder in others}:
        return Layout.PARTS, [], False
    if any(tested & {inner.name for inner in folder.folders} for folder in others):
        return Layout.PARTS, [Layout.CLASSES, Layout.LEAVES], False
    return Layout.CLASSES, [Layout.PARTS, Layout.LEAVES], False


def _guess_flat(top: Folder) -> tuple[Layout, Sequence[Layout], bool]:
    """Guess where folders named like parts hold nothing but pictures: train may well be a class, beside plane and car.

    Pictures for a test that are in no class, or classes called test and train, nobody can tell.
    """
    named = named_parts(top.folders)
    tested = {"_".join(one.rest) for one in named.values()}
    plain = {"_".join(words_of(folder.name)) for folder in top.folders if folder.path not in named}
    if len(plain) > 1 and "" not in tested and tested <= plain and not any(folder.folders for folder in top.folders):
        return Layout.PARTS, [Layout.CLASSES], False  # cat, dog, cat_test, dog_test
    rests = {(one.part, one.rest) for one in named.values() if one.rest}
    if len(named) == len(top.folders) and not any(folder.folders for folder in top.folders):
        times = Counter(rest for _, rest in rests)
        if len(rests) == len(named) and any(count > 1 for count in times.values()):
            is_whole = arrange(top, Layout.PARTS).is_possible
            return Layout.PARTS, [] if is_whole else [Layout.CLASSES], not is_whole
    plain = {one.part for one in named.values() if not one.rest}
    if len(plain) > 1:
        return Layout.CLASSES, [Layout.PARTS], True
    words = {word for folder in top.folders for word in words_of(folder.name)}
    rivals = [Layout.PARTS] if plain & {VAL, TEST} and not ({"invalid", "nonvalid"} & words) else []
    if _share_names(top.folders) or _are_above_classes(top.folders):
        rivals.append(Layout.LEAVES)
    return Layout.CLASSES, rivals, False


def _are_above_classes(folders: Sequence[Folder]) -> bool:
    """Return whether some of these look like mammal above cat and dog: folders in them, and no pictures beside."""
    deep = [folder for folder in folders if _divides(folder)]
    return (len(deep) > 1 and len(deep) == len(folders)) or any(
        _divides(inner) and not inner.pictures for folder in folders for inner in folder.within()
    )


def _divides(folder: Folder) -> bool:
    """Return whether there are two folders in a folder that may be classes."""
    return sum(_is_class_like(inner.name) for inner in folder.folders) > 1


def _share_names(folders: Sequence[Folder], *, ignoring_twins: bool = False) -> bool:
    """Return whether two of these hold folders of the same name; ``ignoring_twins`` takes those of one name as one."""
    seen: dict[str, str] = {}
    for folder in folders:
        for inner in folder.folders:
            if not _is_class_like(inner.name):
                continue
            twin = seen.setdefault(inner.name, folder.name if ignoring_twins else folder.path)
            if twin != (folder.name if ignoring_twins else folder.path):
                return True
    return False


def _is_class_like(name: str) -> bool:
    """Return whether a folder's name may be one of a class, and is no filler such as images or batch 2."""
    words = words_of(name)
    if words and all(word.isdecimal() for word in words):
        return True
    return not (says_no_class(name) or all(map(is_filler, words)))


def _are_no_classes(top: Folder) -> bool:
    """Return whether no folder looks like a class: flat parts, images, batch 2."""
    is_deep = any(folder.folders for folder in top.folders)
    return not is_deep and all(says_no_class(f.name) or all(map(is_filler, words_of(f.name))) for f in top.folders)


def _question(called: str, readings: Sequence[Arrangement]) -> Question:
    """Ask which of several readings is meant, the one in use first."""
    words = [f"as the {layout_words(read, _NOWHERE, _NOWHERE, naming=True)} ({read.layout})" for read in readings]
    if len(words) == 1 and readings[0].layout is Layout.NAMES:
        sentence = f"{called} holds no folders of classes; it can be read {words[0]}"
    elif len(words) == 1:
        sentence = (
            f"{called} holds folders named like parts, but none of them holds folders of classes; it can only be read "
            f"{words[0]}"
        )
    else:
        sentence = f"{called} can be read {', or '.join(words)}"
    return Question(sentence, "layout", tuple(str(read.layout) for read in readings))


def _parts_in_words(read: Arrangement) -> str:
    """Name the parts, and their folders where these are called otherwise."""
    said = []
    for part in (*PARTS, ""):
        names = read.parts.get(part, [])
        if names and part:
            said.append(part if names == [part] else f"{part} ({_listed(names)})")
        elif names:
            said.append(f"for training {_listed(names)}")
    if read.layout is Layout.PARTS and said and any(not slot.part for slot in read.slots) and "" not in read.parts:
        return f"folders of their own, with the part{'s' if len(said) > 1 else ''} {_joined(said)} beside them"
    if not said:
        return ""
    return f"the part{'s' if len(said) > 1 else ''} {_joined(said)}"


def _listed(names: Sequence[str]) -> str:
    if len(names) > NAMED + 1:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED:,} more"
    return _joined(names)


def _joined(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def _first(layout: Layout, possible: Sequence[Layout]) -> tuple[Layout, ...]:
    return (layout, *(other for other in possible if other is not layout))


_NOWHERE = Folder("", "", "", "", (), (), 0)
