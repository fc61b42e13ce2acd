"""New pictures get the class and probability that the run's own network gives them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.painted import paint
from tlviz.cli import main
from tlviz.data.pixels.pictures import fit_picture, open_picture
from tlviz.errors import BadWeightsError
from tlviz.explore.maps.feature_maps import extract_feature_maps
from tlviz.export.ood_reference import find_ood_reference
from tlviz.export.predict import Picture, find_pictures, load_predictor, predict, to_csv
from tlviz.runs.store.folder import RunFolder, create_run


def test_a_prediction_is_what_the_network_says_alone(run: RunFolder, tmp_path: Path) -> None:
    network, geometry = load_predictor(run)
    files = sorted((tmp_path / "data" / "red").glob("*.png"))[:3]
    named = predict(network, geometry, [Picture(str(file), file) for file in files])
    for row, file in zip(named.rows, files, strict=True):
        square = fit_picture(open_picture(file)[0], 64, geometry.fit, geometry.interpolation, geometry.crop_fraction)
        alone = extract_feature_maps(network, square).guesses
        assert [guess.name for guess in row.guesses] == [guess.name for guess in alone]
        assert row.guesses[0].probability == pytest.approx(alone[0].probability, abs=1e-5)
        assert (row.distance, row.is_unlike) == (None, None)
    assert sum(guess.probability for guess in named.rows[0].guesses) == pytest.approx(1)


def test_what_cannot_be_opened_is_left_out_and_named(run: RunFolder, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    (tmp_path / "empty").mkdir()
    pictures, missing = find_pictures([tmp_path / "data", tmp_path / "bad.png", tmp_path / "empty", tmp_path / "gone"])
    assert [problem.problem for problem in missing] == ["holds no pictures", "does not exist"]
    told: list[tuple[int, int]] = []
    named = predict(*load_predictor(run), pictures, progress=lambda *done: told.append(done))
    assert len(named.rows) == 48
    assert [Path(problem.path).name for problem in named.problems] == ["bad.png"]
    assert told == [(32, 49), (49, 49)]


def test_a_picture_of_another_kind_looks_unlike_the_training_images(run: RunFolder, tmp_path: Path) -> None:
    network, geometry = load_predictor(run)
    reference, reason = find_ood_reference(run.weights, network)
    assert reference is not None, reason
    paint(3).save(tmp_path / "other.png")
    pictures, _ = find_pictures([tmp_path / "other.png", *sorted((tmp_path / "data" / "red").glob("*.png"))])
    rows = predict(network, geometry, pictures, reference).rows
    assert rows[0].is_unlike
    assert sum(bool(row.is_unlike) for row in rows[1:]) <= 1
    assert ",yes\n" in to_csv(rows[:1])
    again, _ = find_ood_reference(run.weights, network)
    assert again is not None
    assert again.threshold == reference.threshold


def test_a_run_without_weights_names_nothing() -> None:
    with pytest.raises(BadWeightsError, match="saved no weights"):
        load_predictor(create_run("finetune", "x", {}))


def test_predict_on_the_command_line(run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    picture = tmp_path / "data" / "red" / "0.png"
    assert main(["predict", run.name, str(picture), str(tmp_path / "bad.png"), "/nope", "--json"]) == 0
    captured = capsys.readouterr()
    result = json.loads(captured.out)
    (row,) = result["predictions"]
    assert (row["path"], row["class"], row["unlike_training"]) == (str(picture), row["top"][0]["class"], False)
    assert row["probability"] == row["top"][0]["probability"] > 0.5
    assert len(result["problems"]) == 2
    assert "bad.png is not a picture" in captured.err
    assert "/nope does not exist" in captured.err

    assert main(["predict", run.name, str(tmp_path / "data" / "blue"), "--no-unlike"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "path,class,probability,unlike_training"
    assert len(lines) == 25
    assert all(line.endswith(",") for line in lines[1:])


def test_predict_with_nothing_to_read_ends_with_2(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", run.name, "/nope"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "None of the 1 given paths is a picture that can be opened" in captured.err
    assert main(["predict", "nobody", "/nope"]) == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_are_not_waited_for_and_odd_paths_are_one_sentence(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.mkfifo(tmp_path / "data" / "pipe.png")
    pictures, problems = find_pictures([tmp_path / "data" / "pipe.png", tmp_path / "data"])
    assert len(pictures) == 48
    assert [problem.problem for problem in problems] == ["is not a file"]
    for arguments in (["predict", run.name, "~nobody-here/x.png"], ["predict", "~nobody-here/run", "x.png"]):
        assert main(arguments) == 2
        said = capsys.readouterr()
        assert (said.out, len(said.err.splitlines())) == ("", 1)
        assert "is not a valid path" in said.err
