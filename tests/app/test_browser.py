"""The whole path in a real browser: choose, look, train, watch, reload, stop, export, use elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.app.access import assert_accessible
from tests.app.browser import ROOT, serving, visiting
from tlviz.export.files.fitting import fitting_formats
from tlviz.export.files.table import FORMATS, Format
from tlviz.finetune.config import configure
from tlviz.runs.store.folder import list_runs
from tlviz.runs.store.heartbeat import Status
from tlviz.runs.summary import summarise

IMAGE_SIZE = 96
# What a person does with the download: plain safetensors and torchvision, nothing of tlviz.  Beside a CPU-only torch
# torchvision's import needs two operator names.
PLAIN = """
import json, sys, numpy as np, torch
try:
    import torchvision
except RuntimeError:
    for name in [m for m in sys.modules if m.startswith("torchvision")]:
        del sys.modules[name]
    library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in ("nms(Tensor a, Tensor b, float c) -> Tensor", "qnms(Tensor a, Tensor b, float c) -> Tensor"):
        library.define(schema)
    import torchvision
from safetensors import safe_open
from safetensors.torch import load_file
with safe_open(sys.argv[1], "pt") as file:
    header = file.metadata()
classes, prep = json.loads(header["classes"]), json.loads(header["preprocessing"])
network = torchvision.models.squeezenet1_1(num_classes=len(classes))
network.load_state_dict(load_file(sys.argv[1]))
pixels = torch.from_numpy(np.load(sys.argv[2])).permute(0, 3, 1, 2) / 255
mean, std = (torch.tensor(prep[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
with torch.no_grad():
    print(json.dumps(network.eval()((pixels - mean) / std).argmax(1).tolist()))
"""


def plain_accuracy(download: Path, tmp_path: Path) -> float:
    """Return the validation accuracy of a downloaded file as plain torchvision finds it."""
    import numpy as np

    from tlviz.data.images import load_images
    from tlviz.data.training.splits import split_images

    settings = configure("squeezenet1_1", "clipart", "head_only", image_size=IMAGE_SIZE)
    images = load_images("clipart", settings.geometry)
    validation = split_images(images.labels, images.parts, 0).validation
    np.save(tmp_path / "pixels.npy", images.pixels[validation])
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, str(download), str(tmp_path / "pixels.npy")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    return float((np.array(json.loads(done.stdout)) == images.labels[validation]).mean())


def test_the_whole_path(home: Path, tmp_path: Path) -> None:
    """Choose, look, start, see the curve grow, reload, stop, download, predict with plain torchvision."""
    with serving(home) as server, visiting(server) as visit:
        page = visit.page
        visit.go()
        visit.choose("Target", "Clip art")
        assert "target=clipart" in visit.address
        expect(page.get_by_text("362 images in 7 classes")).to_be_visible()
        page.wait_for_selector("[data-stage=fire9]")
        visit.keep("overview")
        assert_accessible(visit, "Overview", "dark")

        visit.menu("Feature maps")
        assert "target=clipart" in visit.address
        expect(page.locator("img[alt^='stem: 10 of 64 channels, each 55 x 55']")).to_be_visible()
        visit.keep("feature_maps")
        page.locator("[data-stage=fire5]").click()
        expect(page.locator("img[alt^='stem:']")).to_have_count(0)
        expect(page.locator("img[alt^='fire5: 50 of 256 channels']")).to_be_visible()
        visit.settle()
        assert "stage=fire5" in visit.address

        visit.menu("Fine-tune")
        page.get_by_role("radio", name="Head only").click()
        visit.settle()
        expect(page.get_by_role("slider", name="Freeze depth")).to_have_attribute("aria-valuenow", "9")
        page.get_by_text("More", exact=True).click()
        page.get_by_role("tab", name="Training").click()
        for name in ("Epochs", "Patience"):  # long enough to be met at work, whatever the machine
            page.get_by_role("spinbutton", name=name).fill("1000")
            page.get_by_role("spinbutton", name=name).press("Enter")
            visit.settle()
        page.get_by_role("tab", name="Images").click()
        visit.choose("Image size", str(IMAGE_SIZE))
        page.get_by_text("More", exact=True).click()
        page.get_by_role("button", name="Start", exact=True).click()
        visit.wait_points(3)
        (run,) = list_runs()

        page.reload()
        visit.settle()
        seen = visit.points("validation")
        assert f"run={run.name}" in visit.address
        visit.wait_points(max(4, seen + 1))
        assert run.status() is Status.RUNNING
        page.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("stopped, best kept").first).to_be_visible(timeout=15_000)
        assert run.status() is Status.STOPPED
        expect(page.get_by_role("button", name="Stop")).to_have_count(0)
        assert_accessible(visit, "Fine-tune")

        visit.menu("Export")
        others = [FORMATS[form] for form in fitting_formats(run) if form is not Format.SAFETENSORS]
        for spec in others:  # one format is enough here: the rest takes half a minute
            if not spec.is_variant:
                page.locator("label").get_by_text(spec.title, exact=True).click()
                visit.settle()
        page.get_by_role("button", name="Make and check").click()
        expect(page.get_by_text("the run's own answers for all 73 validation pictures")).to_be_visible(timeout=90_000)
        expect(page.get_by_text("failed its check")).to_have_count(0)
        visit.keep("export")
        assert_accessible(visit, "Export", "dark")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Download the ZIP").click()
        waiting.value.save_as(tmp_path / "bundle.zip")
        with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
            archive.extractall(tmp_path / "unpacked")
        [download] = (tmp_path / "unpacked").rglob("model.safetensors")
        assert not visit.errors
        assert not visit.outside, "nothing is asked of any other machine"
    summary = summarise(run)
    assert summary.best_val_accuracy is not None
    assert summary.best_val_accuracy > 0.4
    assert plain_accuracy(download, tmp_path) == pytest.approx(summary.best_val_accuracy)


def test_the_strip_freezes_by_drag_click_and_keyboard(home: Path) -> None:
    with serving(home) as server, visiting(server) as visit:
        page = visit.page
        visit.go("/finetune?target=photos")
        handle = page.get_by_role("slider", name="Freeze depth")
        words = "6 of 10 stages frozen, up to fire6, 500,278 parameters trained"
        expect(handle).to_have_attribute("aria-valuetext", words)
        handle.press("ArrowLeft")
        expect(page.get_by_text("5 of 10 stages frozen, up to fire5")).to_be_visible()
        expect(page.get_by_text("Frozen: stem to fire5.")).to_be_visible()
        expect(handle).to_be_focused()
        handle.press("End")
        expect(page.get_by_text("Frozen: the whole backbone. Only the new head is trained.")).to_be_visible()
        expect(page.get_by_role("radio", name="Head only")).to_be_checked()

        start, goal = handle.bounding_box(), page.locator("[data-freeze='3']").bounding_box()
        assert start is not None
        assert goal is not None
        page.mouse.move(start["x"] + 6, start["y"] + 30)
        page.mouse.down()
        page.mouse.move(goal["x"] + 60, goal["y"] + 30, steps=4)
        page.mouse.move(goal["x"] + 6, goal["y"] + 30, steps=4)
        page.mouse.up()
        expect(page.get_by_text("Frozen: stem to fire3. Trained: fire4 to the head")).to_be_visible()
        expect(page.get_by_role("radio", name="Last stages")).to_be_checked()
        page.locator("[data-freeze='0']").click()
        expect(page.get_by_text("Nothing is frozen: every stage is trained.")).to_be_visible()
        expect(page.get_by_role("radio", name="Full")).to_be_checked()
        page.get_by_role("radio", name="Last stages").click()
        expect(handle).to_have_attribute("aria-valuenow", "6")
        assert not visit.errors


def test_an_upload_is_seen_and_a_bad_one_is_one_sentence(home: Path) -> None:
    with serving(home) as server, visiting(server) as visit:
        visit.go("/feature_maps")
        chooser = visit.page.locator("input[type=file]")
        chooser.set_input_files(ROOT / "assets/datasets/photos/vegetable/broccoli.jpg")
        expect(visit.page.get_by_text("broccoli", exact=True)).to_be_visible()
        chooser.set_input_files({"name": "note.png", "mimeType": "image/png", "buffer": b"no picture"})
        expect(visit.page.get_by_text("note.png is not a picture that can be opened")).to_be_visible()
        assert not visit.errors
