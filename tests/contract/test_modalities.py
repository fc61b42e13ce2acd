"""One contract for every modality: the engine, the profile and the race run over pictures and texts alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.encoders import save_encoder
from tests.painted import paint
from tlviz.data.images import load_images
from tlviz.data.part_images import part_images
from tlviz.data.training.splits import SplitPlan
from tlviz.diagnose.profile import profile_target
from tlviz.diagnose.request import make_request
from tlviz.errors import BadDatasetError
from tlviz.finetune.config import FinetuneConfig, configure
from tlviz.finetune.engine import finetune, train
from tlviz.finetune.events import Epoch
from tlviz.finetune.resume import checkpoint, restore
from tlviz.finetune.retention import SourceGauge
from tlviz.finetune.session import Session
from tlviz.finetune.source_pictures import FEWEST
from tlviz.finetune.state import State
from tlviz.finetune.strategies import STRATEGIES
from tlviz.medium import Medium
from tlviz.modality import need_pair
from tlviz.models.catalogue import find_model
from tlviz.models.load import build_for_target
from tlviz.models.stages import owns

Pair = tuple[str, str]


@pytest.fixture(scope="module", params=[pytest.param(Medium.PICTURES, marks=pytest.mark.slow), Medium.TEXTS])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Return the names of a small network and of a small target of each modality."""
    folder = tmp_path_factory.mktemp("modality")
    if request.param is Medium.PICTURES:
        for seed in range(16):
            place = folder / "painted" / ("round", "square")[seed % 2]
            place.mkdir(parents=True, exist_ok=True)
            paint(seed).save(place / f"{seed}.png")
        return "squeezenet1_1", str(folder / "painted")
    generator, lines = np.random.default_rng(0), ["text,label"]
    for at in range(24):
        words = generator.choice(["a", "the", "film", "is", "very"], size=int(generator.integers(3, 12)))
        judged, label = (("bad dull", "no"), ("good bright", "yes"))[at % 2]
        lines.append(f"{' '.join(words)} {judged},{label}")
    table = folder / "films.csv"
    table.write_text("\n".join(lines))
    return str(save_encoder(folder / "encoder", "bert")), str(table)


def session(pair: Pair, strategy: str, **settings: object) -> Session:
    config: FinetuneConfig = configure(*pair, strategy, **({"epochs": 2, "image_size": 64, "batch_size": 8} | settings))
    images = load_images(config.data, config.geometry)
    network = build_for_target(find_model(config.model), images.classes, pretrained=True, seed=0, size=64)
    split = part_images(images, (), config.seed, SplitPlan(0.0, None, 0, None))
    return Session(network, images, split, config, torch.device("cpu"), lambda: False)


@pytest.mark.parametrize(
    "strategy", ["last_stages", "gradual", *(pytest.param(s, marks=pytest.mark.slow) for s in ("head_only", "full"))]
)
def test_frozen_stages_keep_their_bytes_and_the_others_train(pair: Pair, strategy: str) -> None:
    work = session(pair, strategy)
    before = {name: tensor.clone() for name, tensor in work.network.module.state_dict().items()}
    state = State(work)
    epochs = [event for event in train(state) if isinstance(event, Epoch)]
    assert len(epochs) == 3
    always = frozenset.intersection(*(phase.frozen for phase in state.phases))
    for at, stage in enumerate(work.network.stages):
        own = {name: tensor for name, tensor in state.module.state_dict().items() if owns(stage, name)}
        same = [torch.equal(tensor, before[name]) for name, tensor in own.items()]
        assert all(same) if at in always else not all(same) or not own, stage.name
    assert STRATEGIES[strategy].pretrained


def test_a_run_with_kept_outputs_reaches_the_same_as_one_without(pair: Pair) -> None:
    losses = []
    for cache_mb in (64, 0):
        epochs = [e for e in finetune(session(pair, "last_stages", cache_mb=cache_mb)) if isinstance(e, Epoch)]
        losses.append([epoch.val_loss for epoch in epochs])
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


def test_a_run_taken_up_again_ends_with_the_same_bytes(pair: Pair) -> None:
    whole = State(session(pair, "head_only"))
    list(train(whole))
    first = State(session(pair, "head_only"))
    for event in train(first):
        if isinstance(event, Epoch) and event.epoch == 1:
            break
    second = State(session(pair, "head_only"))
    restore(second, checkpoint(first, 0.0))
    list(train(second))
    for name, tensor in whole.module.state_dict().items():
        assert torch.equal(tensor, second.module.state_dict()[name]), name


def test_the_profile_measures_every_stage(pair: Pair) -> None:
    found = profile_target(make_request(*pair, image_size=64, limit=20))
    stages = find_model(pair[0])
    assert [stage.name for stage in found.stages][:1] == [{"squeezenet1_1": "stem"}.get(pair[0], "embeddings")]
    assert all(0 <= stage.probe <= 1 for stage in found.stages)
    assert bool(found.probing) == (stages.medium is Medium.TEXTS)


def test_what_is_left_of_the_source_is_read_with_and_without_its_frozen_stages(pair: Pair) -> None:
    work = session(pair, "last_stages")
    rows = load_images(work.config.data, work.config.geometry).rows
    with torch.no_grad():
        for path in work.network.stages[-2].modules:
            for parameter in work.network.module.get_submodule(path).parameters():
                parameter.add_(torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)))
    many = np.arange(FEWEST) % len(rows)
    gauges = [SourceGauge(work.network, rows[many], work.device, frozen, chunk=5) for frozen in (0, 2)]
    whole, spared = (gauge.read(work.network.module).similarity for gauge in gauges)
    assert list(whole) == [stage.name for stage in work.network.stages[:-1]]
    assert whole == pytest.approx(spared, abs=1e-4)
    assert whole[work.network.stages[0].name] == pytest.approx(1)
    assert (whole[work.network.stages[-2].name] or 0) < 0.999


def test_only_like_goes_with_like(pair: Pair) -> None:
    need_pair(*pair)
    other = "photos" if find_model(pair[0]).medium is Medium.TEXTS else "reviews"
    with pytest.raises(BadDatasetError, match="choose"):
        need_pair(pair[0], other)


def test_a_folder_of_an_encoder_may_be_given_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_encoder(tmp_path / "mine", "bert")
    monkeypatch.chdir(tmp_path)
    assert find_model("mine").name == str(tmp_path / "mine")
