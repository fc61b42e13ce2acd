"""Archives as targets: what is taken, what is left out, what is refused before it does harm."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import shutil
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tlviz.data.images import find_dataset, load_images, open_target, settle
from tlviz.data.pixels.ingest import Geometry
from tlviz.data.pixels.pictures import Fit
from tlviz.data.pixels.problem import Problem
from tlviz.data.sources import archive as module
from tlviz.data.sources import archive_members
from tlviz.data.sources.archive import unpack
from tlviz.data.sources.store import datasets_folder, list_stored
from tlviz.errors import BadDatasetError, StorageError

GEOMETRY = Geometry(8, Fit.PAD, "bilinear", 1.0)
FORMATS = ("zip", "tar", "tar.gz", "tar.bz2", "tar.xz")


def picture(value: int = 0) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (6, 6), (value, value, value)).save(buffer, "PNG")
    return buffer.getvalue()


def sound() -> dict[str, bytes]:
    return {f"{name}/{at}.png": picture(10 * at) for name in ("cat", "dog") for at in range(2)}


def pack(path: Path, content: dict[str, bytes], *extra: tarfile.TarInfo) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, data in content.items():
                file.writestr(name, data)
        return path
    with tarfile.open(path, f"w:{path.suffix[1:]}" if path.suffix != ".tar" else "w") as tar:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        for info in extra:
            tar.addfile(info)
    return path


def entry(name: str, kind: bytes, leads_to: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, leads_to
    return info


def problems(path: Path) -> dict[str, str]:
    """What was left out, by the name inside the archive."""
    found: tuple[Problem, ...] = open_target(str(path)).problems
    assert all(problem.action == "left out" for problem in found)
    return {problem.path.partition(": ")[2]: problem.problem for problem in found}


def refusal(path: Path) -> str:
    with pytest.raises(BadDatasetError) as caught:
        unpack(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert message.endswith(".")
    left = [entry for entry in datasets_folder().iterdir() if entry.name != ".keys"]
    assert left == []
    return message


def on_disk() -> list[str]:
    """Every file below the store, notes and keys aside."""
    root = datasets_folder()
    files = [file for file in root.rglob("*") if file.is_file() or file.is_symlink()]
    return sorted("/".join(file.relative_to(root).parts[1:]) for file in files if ".keys" not in file.parts and file.name != ".tlviz.json")  # fmt: skip # noqa: E501


@pytest.mark.parametrize("form", FORMATS)
def test_an_archive_is_a_target(tmp_path: Path, form: str) -> None:
    path = pack(tmp_path / f"my pets.{form}", sound())
    images = load_images(str(path), GEOMETRY)
    assert images.classes == ("cat", "dog")
    assert images.names == tuple(os.path.join(*name.split("/")) for name in sound())  # noqa: PTH118
    assert images.pixels[:, 4, 4, 0].tolist() == [0, 10, 0, 10]
    assert images.problems == ()
    assert images.title == f"my pets.{form}"


@pytest.mark.parametrize("form", FORMATS)
def test_pictures_are_known_by_their_content(tmp_path: Path, form: str) -> None:
    content = {"cat/1": picture(), "cat/2.dat": picture(1), "cat/words": b"no picture", "dog/1.png": picture(2)}
    target = open_target(str(pack(tmp_path / f"set.{form}", content)))
    assert target.names == ("cat/1", "cat/2.dat", "dog/1.png")
    assert [(left.path, left.reason) for left in target.left_out] == [("cat/words", "not a picture file")]


def test_it_is_unpacked_once_and_found_again_by_content_and_by_name(tmp_path: Path) -> None:
    first = unpack(pack(tmp_path / "pets.zip", sound()))
    before = (first / "cat/0.png").stat().st_mtime_ns
    (tmp_path / "elsewhere").mkdir()
    assert unpack(Path(shutil.copy(tmp_path / "pets.zip", tmp_path / "elsewhere"))) == first
    assert (first / "cat/0.png").stat().st_mtime_ns == before
    assert list_stored() == [first]
    assert find_dataset(first.name) == first
    assert settle(str(tmp_path / "pets.zip")) == str(first)
    assert len(load_images(first.name, GEOMETRY).labels) == 4
    other = pack(tmp_path / "pets.zip", sound() | {"cat/9.png": picture(9)})
    assert unpack(other) != first


def test_parts_and_a_single_top_folder_are_seen_through(tmp_path: Path) -> None:
    inside = {f"pets-main/data/{part}/{name}": data for part in ("train", "val") for name, data in sound().items()}
    target = open_target(
        str(pack(tmp_path / "pets.tar.gz", inside | {"pets-main/README.md": b"x", "loose.png": picture()}))
    )
    assert target.classes == ("cat", "dog")
    assert target.parts == ("train",) * 4 + ("val",) * 4


def test_what_an_unpacked_folder_says_is_said_each_time(tmp_path: Path) -> None:
    path = pack(tmp_path / "pets.zip", sound() | {"../up.png": picture()})
    assert problems(path) == problems(path) == {"../up.png": "its path leads out of the archive"}


@pytest.mark.parametrize("form", ["zip", "tar"])
@pytest.mark.parametrize("name", ["../evil.png", "cat/../../evil.png", "/tmp/evil.png", "C:/evil.png", "..\\evil.png"])
def test_names_that_lead_out_are_left_out(tmp_path: Path, form: str, name: str) -> None:
    path = pack(tmp_path / f"pets.{form}", sound() | {name: picture()})
    assert problems(path) == {name: "its path leads out of the archive"}
    assert on_disk() == sorted(sound())
    assert not list(tmp_path.rglob("evil.png"))
    assert not Path("/tmp/evil.png").exists()


def test_links_are_copied_where_they_stay_inside_and_left_out_where_not(tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_bytes(picture(77))
    links = [
        entry("val/cat/0.png", tarfile.SYMTYPE, "../../train/cat/0.png"),
        entry("val/dog/0.png", tarfile.LNKTYPE, "train/dog/0.png"),
        entry("train/cat/out.png", tarfile.SYMTYPE, str(secret)),
        entry("train/cat/up.png", tarfile.SYMTYPE, "../../../secret.png"),
        entry("train/cat/hard.png", tarfile.LNKTYPE, "/etc/passwd"),
        entry("train/dog/folder.png", tarfile.SYMTYPE, "../cat"),
        entry("train/fox", tarfile.SYMTYPE, "/etc"),
    ]
    path = pack(tmp_path / "pets.tar", {f"train/{name}": data for name, data in sound().items()}, *links)
    assert problems(path) == {
        "train/cat/out.png": "a link that leads out of the archive",
        "train/cat/up.png": "a link that leads out of the archive",
        "train/cat/hard.png": "a link that leads out of the archive",
        "train/dog/folder.png": "a link to something that is not a picture in the archive",
        "train/fox": "a link that leads out of the archive",
    }
    (root,) = list_stored()
    assert (root / "val/cat/0.png").read_bytes() == sound()["cat/0.png"]
    assert (root / "val/dog/0.png").read_bytes() == sound()["dog/0.png"]
    assert not any(file.is_symlink() for file in root.rglob("*"))


def test_a_link_in_a_zip(tmp_path: Path) -> None:
    path = pack(tmp_path / "pets.zip", sound())
    with zipfile.ZipFile(path, "a") as file:
        for name, leads_to in (("cat/in.png", "../dog/1.png"), ("cat/out.png", "../../x.png")):
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o120777 << 16
            file.writestr(info, leads_to)
    assert problems(path) == {"cat/out.png": "a link that leads out of the archive"}
    assert (list_stored()[0] / "cat/in.png").read_bytes() == sound()["dog/1.png"]


def test_a_device_is_left_out(tmp_path: Path) -> None:
    path = pack(
        tmp_path / "pets.tar", sound(), entry("cat/null.png", tarfile.CHRTYPE), entry("cat/p.png", tarfile.FIFOTYPE)
    )
    assert set(problems(path)) == {"cat/null.png", "cat/p.png"}
    assert on_disk() == sorted(sound())


@pytest.mark.parametrize("form", ["zip", "tar.gz"])
def test_nested_archives_are_named_and_other_files_never_written(tmp_path: Path, form: str) -> None:
    more = {"cat/more.zip": b"PK", "rest.tar.gz": b"x", "cat/run.sh": b"#!", "cat/.hidden.png": picture()}
    path = pack(tmp_path / f"pets.{form}", sound() | more | {"__MACOSX/cat/._0.png": b"x"})
    assert problems(path) == dict.fromkeys(("cat/more.zip", "rest.tar.gz"), "an archive inside the archive")
    assert on_disk() == sorted(sound())


class Zeros(io.RawIOBase):
    """So many zero bytes."""

    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, size: int = -1) -> bytes:
        given = min(self._left, size if size >= 0 else self._left)
        self._left -= given
        return bytes(given)


def zip_of_zeros(path: Path, name: str, size: int) -> Path:
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        file.open(name, "w", force_zip64=True) as out,
    ):
        for _ in range(size >> 20):
            out.write(bytes(2**20))
    return path


@pytest.mark.parametrize("name", ["cat/zeros.png", "zeros.bin"])
def test_a_zip_that_grows_a_thousandfold_is_refused_before_it_is_unpacked(tmp_path: Path, name: str) -> None:
    path = zip_of_zeros(tmp_path / "bomb.zip", name, 2**30)
    assert path.stat().st_size < 10 * 2**20
    begun = time.perf_counter()
    message = refusal(path)
    assert time.perf_counter() - begun < 2
    assert "would grow from" in message
    assert "1.1 GB" in message


def test_ten_gigabytes_of_zeros_in_a_tar_are_refused_by_their_header(tmp_path: Path) -> None:
    info = tarfile.TarInfo("cat/zeros.png")
    info.size = 10 * 2**30
    path = tmp_path / "bomb.tar.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(info.tobuf())
        for _ in range(512):  # the rest is never looked at: no need to write it
            file.write(bytes(2**20))
    begun = time.perf_counter()
    assert "10.7 GB" in refusal(path)
    assert time.perf_counter() - begun < 2


def test_a_tar_whose_stream_goes_on_behind_a_lie_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SMALL_BYTES", 2**20)
    monkeypatch.setattr(module, "_HEADERS", 2**20)
    huge = tarfile.TarInfo("cat/0.png")
    huge.pax_headers = {"comment": "x" * 2**24}
    with tarfile.open(tmp_path / "bomb.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(huge)
    assert "far beyond what it declares" in refusal(tmp_path / "bomb.tar.gz")


@pytest.mark.parametrize("form", ["zip", "tar"])
def test_too_many_files_are_refused(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.MAX_FILES == 100_000
    monkeypatch.setattr(module, "MAX_FILES", 50)
    path = pack(tmp_path / f"many.{form}", {f"cat/{at}.txt": b"" for at in range(51)})
    assert "over 50 files" in refusal(path)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("content", [{}, {"readme.txt": b"x"}, {"1.png": picture()}], ids=["empty", "text", "flat"])
def test_no_pictures_in_folders_is_one_sentence(tmp_path: Path, form: str, content: dict[str, bytes]) -> None:
    path = pack(tmp_path / f"none.{form}", content)
    assert refusal(path).startswith(f"The archive {path} holds no pictures in sub-folders")


def test_one_class_is_one_sentence(tmp_path: Path) -> None:
    assert "one class only ('cat')" in refusal(pack(tmp_path / "cats.zip", {"top/cat/1.png": picture()}))


def test_a_password_is_one_sentence(tmp_path: Path) -> None:
    path = pack(tmp_path / "locked.zip", sound())
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(signature, at + 4)
    path.write_bytes(data)
    assert "protected by a password" in refusal(path)


@pytest.mark.parametrize("form", FORMATS)
def test_half_an_archive_is_refused(tmp_path: Path, form: str) -> None:
    generator = np.random.default_rng(0)
    noise = {f"{name}/{at}.png": generator.bytes(40_000) for name in ("cat", "dog") for at in range(4)}
    path = pack(tmp_path / f"half.{form}", noise)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "damaged" in refusal(path)


def test_no_archive_at_all(tmp_path: Path) -> None:
    (tmp_path / "pets.zip").write_bytes(b"hello")
    assert "not a ZIP or TAR" in refusal(tmp_path / "pets.zip")
    with pytest.raises(BadDatasetError, match="does not exist"):
        unpack(tmp_path / "gone.zip")


def test_one_damaged_picture_of_a_zip_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "pets.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for name, data in sound().items():
            file.writestr(name, data)
    content = path.read_bytes()
    broken = bytearray(picture(10))
    broken[-20] ^= 0xFF
    path.write_bytes(content.replace(picture(10), bytes(broken), 1))
    assert problems(path).keys() == {"cat/1.png"}
    assert on_disk() == sorted(set(sound()) - {"cat/1.png"})


def test_names_in_other_scripts(tmp_path: Path) -> None:
    names = ("кошка/фото 1.png", "犬/写真.png", "زهرة/1.png")
    for form in ("zip", "tar.gz"):
        target = open_target(str(pack(tmp_path / f"ж.{form}", dict.fromkeys(names, picture()))))
        assert set(target.classes) == {"кошка", "犬", "زهرة"}


def test_a_zip_that_does_not_say_that_its_names_are_utf8(tmp_path: Path) -> None:
    path = pack(tmp_path / "mac.zip", {"chien é/1.png": picture(), "кот/1.png": picture()})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] &= ~0x08
            at = data.find(signature, at + 4)
    path.write_bytes(data)
    assert open_target(str(path)).classes == ("chien é", "кот")


def test_a_second_file_of_one_name_does_not_replace_the_first(tmp_path: Path) -> None:
    path = pack(tmp_path / "pets.tar", sound())
    with tarfile.open(path, "a") as tar:
        info = tarfile.TarInfo("cat/0.png")
        info.size = len(picture(99))
        tar.addfile(info, io.BytesIO(picture(99)))
    assert problems(path) == {"cat/0.png": "a second file of this name"}
    assert (list_stored()[0] / "cat/0.png").read_bytes() == picture(0)


def test_classes_that_differ_in_case_only_stay_apart_and_are_reported(tmp_path: Path) -> None:
    path = pack(tmp_path / "pets.zip", sound() | {"Cat/1.png": picture()})
    target = open_target(str(path))
    assert target.classes == ("Cat", "cat", "dog")
    assert [problem.problem for problem in target.problems] == [
        "the classes 'Cat' and 'cat' differ in upper and lower case only"
    ]


def test_a_cancelled_unpacking_leaves_nothing(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        told.append((done, total))
        if len(told) == 3:
            raise KeyboardInterrupt

    path = pack(tmp_path / "pets.zip", sound())
    with pytest.raises(KeyboardInterrupt):
        unpack(path, stop)
    assert on_disk() == []
    unpack(path, lambda done, total: told.append((done, total)))
    assert all(0 <= done <= total == path.stat().st_size for done, total in told)


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pack(tmp_path / "pets.zip", sound())
    real: Callable[..., io.BufferedWriter] = Path.open

    def full(self: Path, mode: str = "r", *args: object, **kwargs: object) -> io.BufferedWriter:
        if mode == "xb":
            raise OSError(28, "No space left on device")
        return real(self, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(StorageError, match="No space left on device"):
        unpack(path)
    assert on_disk() == []


@pytest.mark.parametrize("on_windows", [True, False])
def test_names_that_windows_does_not_allow_are_left_out_there(
    on_windows: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ON_WINDOWS", on_windows)
    odd = {"cat/CON.png": picture(), "cat/a:b.png": picture(), "dog./3.png": picture()}
    folder = unpack(pack(tmp_path / "pets.zip", sound() | odd))
    found = {str(file.relative_to(folder)) for file in folder.rglob("*.png")}
    assert found == {*sound()} | (set() if on_windows else {*odd})
    problems = open_target(str(folder)).problems
    assert ["does not allow" in problem.problem for problem in problems] == [True] * 3 * on_windows


NEVER_STORED = {
    "cat/" + "猫" * 100 + ".png": "a name of over 255 bytes, which no disk takes",
    "猫" * 100 + "/1.png": "a name of over 255 bytes, which no disk takes",
    "a/" * 1_500 + "1.png": "it lies in too many folders, or under too long a path",
    "cat/" + ("x" * 200 + "/") * 20 + "1.png": "it lies in too many folders, or under too long a path",
    "cat/0.png/1.png": "a second file of this name",
}


@pytest.mark.parametrize("form", ["zip", "tar"])
def test_names_that_no_disk_takes_are_left_out_and_named(tmp_path: Path, form: str) -> None:
    found = problems(pack(tmp_path / f"pets.{form}", sound() | dict.fromkeys(NEVER_STORED, picture())))
    assert list(found.values()) == list(NEVER_STORED.values())
    assert all(len(name) <= 160 for name in found)
    assert on_disk() == sorted(sound())


def test_an_entry_without_a_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(pack(tmp_path / "pets.zip", sound()), "a") as file:
        file.writestr("Q", picture())
    content = (tmp_path / "pets.zip").read_bytes()
    at = content.rindex(b"PK\x01\x02")
    name = at + 46
    size = int.from_bytes(content[content.rindex(b"PK\x05\x06") + 12 :][:4], "little") - 1
    end = bytearray(content[content.rindex(b"PK\x05\x06") :])
    end[12:16] = size.to_bytes(4, "little")
    entry_header = bytearray(content[at:name])
    entry_header[28:30] = b"\0\0"
    (tmp_path / "pets.zip").write_bytes(content[:at] + bytes(entry_header) + bytes(end))
    assert list(problems(tmp_path / "pets.zip").values()) in (["it has no name"], [])


def test_names_that_differ_in_case_are_files_of_their_own(tmp_path: Path) -> None:
    content = sound() | {"Cat/0.png": picture(), "cat/0.PNG": picture()}
    unpack(pack(tmp_path / "pets.zip", content))
    assert on_disk() == sorted(content) or os.name == "nt" or sys.platform == "darwin"


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_a_name_of_gigabytes_is_not_read(tmp_path: Path, kind: bytes) -> None:
    info = entry("x", kind)
    info.size = 70_000_000
    path = tmp_path / "pets.tar"
    with path.open("wb") as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT))
        file.truncate(80_000_000)
    begun = time.process_time()
    assert "a name or a header in it has 70,000,000 bytes" in refusal(path)
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    "words",
    [
        {"GNU.sparse.map": "0,6"},
        {"GNU.sparse.map": "a,b"},
        {"GNU.sparse.size": "x"},
        {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "x"},
    ],
)
def test_files_with_gaps_are_left_out_or_refused_in_one_sentence(tmp_path: Path, words: dict[str, str]) -> None:
    path = tmp_path / "pets.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in (sound() | {"dog/gap.png": picture()}).items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.pax_headers = words if "gap" in name else {}
            tar.addfile(info, io.BytesIO(data))
    try:
        assert problems(path) == {"dog/gap.png": "a device, a pipe or a file with gaps"}
    except BadDatasetError as error:
        assert "is damaged" in str(error)


def test_a_list_beyond_reason_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_members, "MOST_ENTRIES", 3)
    for form in ("zip", "tar", "tar.gz"):
        assert "holds over 3 entries" in refusal(pack(tmp_path / f"pets.{form}", sound()))


@pytest.mark.parametrize("packed", ["tar", "gz", "bz2", "xz"])
def test_a_file_that_claims_exabytes_ends_at_once(tmp_path: Path, packed: str) -> None:
    info = tarfile.TarInfo("cat/1.png")
    info.size = 2**62
    content = info.tobuf(tarfile.GNU_FORMAT) + bytes(512)
    pack_bytes = {"tar": bytes, "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[packed]
    path = tmp_path / f"x.{packed}"
    path.write_bytes(pack_bytes(content))
    begun = time.process_time()
    with pytest.raises(BadDatasetError):
        unpack(path)
    assert time.process_time() - begun < 2


def test_links_at_and_to_places_that_no_disk_has_are_left_out(tmp_path: Path) -> None:
    deep, long = "/".join(["d"] * 1500) + "/1.png", "x" * 300 + ".png"
    links = [
        entry(deep, tarfile.SYMTYPE, "/".join([".."] * 1500) + "/cat/0.png"),
        entry(long, tarfile.LNKTYPE, "cat/0.png"),
        entry("cat/deep.png", tarfile.LNKTYPE, deep),
        entry("cat/long.png", tarfile.LNKTYPE, long),
    ]
    found = problems(pack(tmp_path / "x.tar", sound(), *links))
    assert len(found) == 4
    assert found["cat/deep.png"] == found["cat/long.png"] == "a link to something that is not a picture in the archive"
