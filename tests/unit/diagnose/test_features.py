"""Pooled features: the numbers of a plain forward pass, for any stage, with no trace left behind."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tlviz.data.images import ImageSet, leave_out
from tlviz.diagnose import features as module
from tlviz.diagnose.features import extract_features
from tlviz.models.load import Network, normalise


def test_features_are_the_means_of_each_stages_output(tiny: Network, colours: ImageSet) -> None:
    names = [stage.name for stage in tiny.stages]
    found = extract_features(tiny, colours.pixels, names)
    x = normalise(torch.from_numpy(np.array(colours.pixels)), tiny.spec.preprocessing)
    with torch.no_grad():
        stem = tiny.module.stem(x)
        middle = tiny.module.block1(stem)
        last = tiny.module.block2(middle)
        logits = tiny.module(x)
    assert names == ["stem", "block1", "block2", "head"]
    for name, expected in zip(names, (stem.mean((2, 3)), middle.mean((2, 3)), last.mean((2, 3)), logits), strict=True):
        assert found[name].dtype == np.float32
        assert np.allclose(found[name], expected.numpy(), atol=1e-5), name


def test_batches_make_no_difference(tiny: Network, colours: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = extract_features(tiny, colours.pixels, ["block2"])["block2"]
    monkeypatch.setattr(module, "BATCH", 7)
    told: list[tuple[int, int]] = []
    parts = extract_features(tiny, colours.pixels, ["block2"], lambda done, total: told.append((done, total)))
    assert np.allclose(parts["block2"], whole, atol=1e-5)
    assert told[0] == (7, 60)
    assert told[-1] == (60, 60)


def test_a_target_with_exclusions_gives_the_rows_that_are_left(tiny: Network, colours: ImageSet) -> None:
    whole = extract_features(tiny, colours.pixels, ["stem"])["stem"]
    less = leave_out(colours, {colours.names[0], colours.names[30]})
    kept = np.delete(np.arange(60), [0, 30])
    assert np.allclose(extract_features(tiny, less.pixels, ["stem"])["stem"], whole[kept], atol=1e-5)


@pytest.mark.parametrize("was_training", [True, False])
def test_nothing_stays_behind(tiny: Network, colours: ImageSet, was_training: bool) -> None:
    tiny.module.train(was_training)
    before = {name: value.clone() for name, value in tiny.module.state_dict().items()}

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract_features(tiny, colours.pixels, ["block2"], stop)
    assert tiny.module.training is was_training
    assert not any(layer._forward_hooks for layer in tiny.module.modules())
    assert not tiny.lock.locked()
    assert all(torch.equal(value, before[name]) for name, value in tiny.module.state_dict().items())
