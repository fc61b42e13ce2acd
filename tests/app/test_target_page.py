"""The Target page: every view opens, findings are excluded with a tick, archives become targets."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.app.test_pages import open_page, text, the_server_knows_the_page_table  # noqa: F401 (a fixture)
from tlviz.data.images import load_images
from tlviz.data.sources.notes import exclude, excluded_names, remember_reading, remembered_reading
from tlviz.data.sources.reading import Layout, ReadAs
from tlviz.diagnose.doctor import check_dataset
from tlviz.runs.store.folder import RunFolder, create_run, list_runs
from tlviz.runs.store.kinds import INGEST
from tlviz.ui.cached import large
from tlviz.ui.cached.targets import padded
from tlviz.ui.messages import plain
from tlviz.ui.state import Key


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Return a folder of two classes with one picture twice."""
    generator = np.random.default_rng(0)
    root = tmp_path / "pets"
    for name, base in (("cat", 40), ("dog", 150)):
        for at in range(8):
            (root / name).mkdir(parents=True, exist_ok=True)
            noise = generator.integers(0, 100, (12, 12, 3), dtype=np.uint8) + np.uint8(base)
            Image.fromarray(noise).resize((96, 96), Image.Resampling.BICUBIC).save(root / name / f"{at}.png")
    (root / "cat" / "copy.png").write_bytes((root / "cat" / "0.png").read_bytes())
    return root


@pytest.mark.parametrize("view", ["Classes and split", "Findings", "Augmentation", "Map"])
def test_every_view_opens(view: str) -> None:
    app = open_page("target", target="photos", view=view)
    assert not app.exception
    assert not app.error
    assert "171 images in 6 classes" in text(app)


def test_the_split_says_what_trains_and_the_choice_reaches_fine_tuning() -> None:
    app = open_page("target", target="clipart")
    assert "289 images train, 73 validate, 0 test" in text(app)
    app.selectbox(key=Key.LABELS).select("10").run()
    app.selectbox(key=Key.TEST_SHARE).select(0.2).run()
    assert "70 images train" in text(app)
    app.switch_page("pages/finetune.py").run()
    assert "20% kept for the final test, 10 labels per class" in text(app)


def findings(app: AppTest) -> list[str]:
    return [str(kind) for kind in app.dataframe[0].value["kind"]]


def test_findings_are_listed_with_what_is_excluded(pets: Path) -> None:
    check_dataset(str(pets), features=False)
    app = open_page("target", target="folder", folder=str(pets), view="Findings")
    assert not app.exception
    assert "17 images checked" in text(app)
    assert findings(app) == ["duplicate"]
    exclude(str(pets), {"cat/copy.png": "duplicate"})
    app = open_page("target", target="folder", folder=str(pets), view="Findings")
    assert "16 images in 2 classes; 1 excluded by you" in text(app)
    assert list(app.dataframe[0].value["exclude"]) == [True]
    assert list(excluded_names(str(pets))) == ["cat/copy.png"]


def test_copies_stay_in_one_part_once_they_are_known(pets: Path) -> None:
    check_dataset(str(pets), features=False)
    app = open_page("target", target="folder", folder=str(pets))
    assert "Copies of one picture stay in one part." in text(app)


@pytest.fixture
def both(pets: Path, tmp_path: Path) -> str:
    """Return a folder that can be read in two ways, with a file that is no picture."""
    for name in ("ours", "theirs"):
        shutil.copytree(pets, tmp_path / "both" / name)
    (tmp_path / "both" / "notes.txt").touch()
    return str(tmp_path / "both")


def test_a_target_says_how_it_is_read_and_a_person_decides(both: str) -> None:
    app = open_page("target", target="folder", folder=both)
    assert "**both** is read as 2 classes, one folder each; one file or folder is left out." in text(app)
    assert "can be read as the 2 classes ours and theirs" in app.warning[0].value
    assert list(app.dataframe[0].value["path"]) == ["notes.txt"]
    (layout,) = [box for box in app.selectbox if str(box.key).startswith("read_layout")]
    layout.select("leaves")
    (decide,) = [button for button in app.button if str(button.key).startswith("read_decide")]
    decide.click().run()
    assert not app.exception
    assert not app.warning
    assert "2 classes, the innermost folders" in text(app)
    assert remembered_reading(both) == ReadAs(layout=Layout.LEAVES)
    for page in ("finetune", "race"):
        app = open_page(page, target="folder", folder=both)
        assert not app.error
        assert "2 classes, the innermost folders" in text(app)


def press(app: AppTest, key: str) -> None:
    next(button for button in app.button if str(button.key).startswith(key)).click().run()


def written(app: AppTest) -> dict[str, str]:
    """Return what stands in the fields that say how deep pictures are read."""
    return {str(field.label): str(field.value) for field in app.text_input if str(field.key).startswith("read_")}


def test_deep_pictures_are_read_as_a_person_says_and_a_mistake_is_one_sentence(tmp_path: Path) -> None:
    for name, value in (("dim", 1000), ("bright", 2000)):
        (tmp_path / name).mkdir()
        for at in range(5):
            Image.fromarray(np.full((40, 40), value + at, np.uint16)).save(tmp_path / name / f"{at}.png")
    app = open_page("target", target="folder", folder=str(tmp_path))
    assert "10 pictures have over 8 bits a value or other bands: values from 1,000 to 2,004 became 0 to 255" in text(
        app
    )
    assert written(app) == {"Class pattern": "", "Group pattern": "", "Value range": "", "Bands": "", "No data": ""}
    fields = {str(field.label): field for field in app.text_input}
    fields["Value range"].input("0:4000")
    fields["No data"].input("0")
    press(app, "read_decide")
    assert not app.exception
    assert "values from 0 to 4,000 became 0 to 255; 0 is taken for no data and is white" in text(app)
    assert remembered_reading(str(tmp_path)) == ReadAs(value_range="0:4000", no_data=0.0)
    app = open_page("target", target="folder", folder=str(tmp_path))
    assert [*written(app).values()] == ["", "", "0:4000", "", "0"]
    fields = {str(field.label): field for field in app.text_input}
    fields["Bands"].input("4,3,2,1")
    press(app, "read_decide")
    assert "'4,3,2,1' is no choice of bands" in app.error[0].value
    assert remembered_reading(str(tmp_path)) == ReadAs(value_range="0:4000", no_data=0.0)
    app = open_page("finetune", target="folder", folder=str(tmp_path))
    assert not app.error
    assert "deep pictures with values from 0 to 4000, 0 for no data" in text(app)


def test_classes_in_the_names_of_files_are_asked_about_and_chosen(pets: Path, tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for name in ("cat", "dog"):
        for at in range(8):
            shutil.copy(pets / name / f"{at}.png", flat / f"{name}.{at}.png")
    app = open_page("target", target="folder", folder=str(flat))
    assert "it can be read as the 2 classes cat and dog by the names of the files" in app.warning[0].value
    (layout,) = [box for box in app.selectbox if str(box.key).startswith("read_layout")]
    layout.select("names")
    press(app, "read_decide")
    assert not app.exception
    assert not app.warning
    assert remembered_reading(str(flat)) == ReadAs(layout=Layout.NAMES)
    (pattern,) = [field for field in app.text_input if field.label == "Class pattern"]
    pattern.input("^(c|d)")
    press(app, "read_decide")
    assert "16 images in 2 classes" in text(app)
    assert load_images(str(flat), padded("squeezenet1_1")).classes == ("c", "d")


def test_pictures_of_eight_bits_are_not_asked_about(pets: Path) -> None:
    app = open_page("target", target="folder", folder=str(pets))
    assert written(app) == {"Class pattern": "", "Group pattern": ""}


@pytest.mark.parametrize(("page", "start"), [("finetune", "Start"), ("race", "Start the race")])
def test_nothing_starts_while_it_is_a_question(both: str, page: str, start: str) -> None:
    app = open_page(page, target="folder", folder=both)
    assert not app.exception
    assert "say --layout classes or --layout leaves; or choose on the Target page." in app.error[0].value
    assert [button.disabled for button in app.button if button.label == start] == [True]


def test_pages_that_only_look_open_on_the_reading_in_use(both: str) -> None:
    app = open_page("feature_maps", target="folder", folder=both)
    assert not app.exception
    assert not app.error


def test_a_folder_that_cannot_be_read_as_decided_can_be_read_otherwise(both: str) -> None:
    remember_reading(both, ReadAs(layout=Layout.PARTS))
    shutil.rmtree(Path(both, "ours", "cat"))
    shutil.rmtree(Path(both, "theirs", "cat"))
    app = open_page("target", target="folder", folder=both)
    assert "one class only ('dog')" in app.error[0].value
    (layout,) = [box for box in app.selectbox if str(box.key).startswith("read_layout")]
    layout.select("")
    (decide,) = [button for button in app.button if str(button.key).startswith("read_decide")]
    decide.click().run()
    assert not [error.value for error in app.error]
    assert "2 classes, one folder each" in text(app)


def test_a_path_to_an_archive_says_where_to_bring_it_in(pets: Path, tmp_path: Path) -> None:
    archive = tmp_path / "pets.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for picture in pets.rglob("*.png"):
            file.write(picture, picture.relative_to(pets.parent))
    app = open_page("target", target="folder", folder=str(archive))
    assert not app.exception
    assert "import it on the Target page" in app.error[0].value


def test_an_unpacked_archive_is_a_target_by_its_name(pets: Path, tmp_path: Path) -> None:
    archive = tmp_path / "pets.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for picture in pets.rglob("*.png"):
            file.write(picture, picture.relative_to(pets.parent))
    name = Path(load_images(str(archive), padded("squeezenet1_1")).name).name
    from tlviz.data.sources.store import list_stored

    (stored,) = list_stored()
    app = open_page("target", target=stored.name)
    assert not app.exception, name
    assert "17 images in 2 classes" in text(app)


def test_a_wrong_archive_path_is_one_sentence() -> None:
    app = open_page("target")
    app.button_group(key="bring_in").set_value("Path or archive").run()
    app.text_input(key="archive_path").set_value("/nowhere/x.zip").run()
    app.button(key="archive_unpack").click().run()
    assert not app.exception
    assert "There is nothing at '/nowhere/x.zip'" in app.error[0].value


def test_a_large_target_is_read_by_a_worker_that_can_be_cancelled(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "LARGE", 10)
    started: list[str] = []

    def start(data: str, geometry: dict[str, object]) -> RunFolder:
        started.append(data)
        return create_run(INGEST, "pets", {"data": data, "to": None, "geometry": geometry, "device": "files"})

    monkeypatch.setattr(large, "start_ingest", start)
    app = open_page("target", target="folder", folder=str(pets))
    assert not app.exception
    assert "Reading 17 images once" in text(app)
    assert started == [str(pets)]
    (job,) = list_runs(INGEST)
    (job.path / "events.jsonl").write_text('{"event": "finished", "time": 1.0, "status": "stopped"}\n')
    app = open_page("target", target="folder", folder=str(pets))
    assert "was cancelled" in text(app)
    assert started == [str(pets)], "what was cancelled is not begun again by itself"
    app.button(key="read_images").click().run()
    assert len(started) == 2
    load_images(str(pets), padded("squeezenet1_1"))
    app = open_page("target", target="folder", folder=str(pets))
    assert "17 images in 2 classes" in text(app)


def test_a_target_excluded_down_to_one_class_can_be_taken_back(pets: Path) -> None:
    exclude(str(pets), {f"dog/{at}.png": "" for at in range(8)})
    app = open_page("target", target="folder", folder=str(pets))
    assert "include pictures again" in app.error[0].value
    app.button(key="take_back").click().run()
    assert not app.error
    assert "17 images in 2 classes" in text(app)
    assert excluded_names(str(pets)) == {}


def test_images_can_be_brought_in_whatever_is_wrong_with_the_present_target() -> None:
    app = open_page("target", target="folder", folder="/nowhere")
    assert "not exist" in app.error[0].value
    assert app.button_group(key="bring_in").options
    app = open_page("target", target="folder")
    assert not app.error, "nothing was typed yet"
    assert app.button(key="browse_home")


def test_one_image_a_class_still_shows_the_classes(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / "one" / name).mkdir(parents=True)
        Image.new("RGB", (32, 32), "red").save(tmp_path / "one" / name / "1.png")
    app = open_page("target", target="folder", folder=str(tmp_path / "one"))
    assert "No class has two images" in app.error[0].value
    assert "1 images" in "".join(part.proto.body for part in app.get("html"))


def test_a_seed_out_of_range_is_no_traceback_here() -> None:
    app = open_page("target", target="photos")
    app.session_state["seed"] = -1
    app.run()
    assert not app.exception


@pytest.mark.parametrize("folder", ["~nouser/x", "/x" * 3000, "/a\x00b"])
def test_what_can_be_no_path_is_one_sentence(folder: str) -> None:
    app = open_page("target", target="folder", folder=folder)
    assert not app.exception
    assert "is not a valid path" in app.error[0].value


def test_names_from_outside_are_shown_as_they_are() -> None:
    assert plain("![x](http://a.b/t.png) $y$ <b>") == r"!\[x\](http://a.b/t.png) \$y\$ \<b\>".replace(r"\>", ">")
