"""The noise of a race: which runs lend theirs, and the error of a value."""

from __future__ import annotations

import numpy as np
import pytest

from tlviz.measures.accuracy import standard_error
from tlviz.measures.paired import pack_hits
from tlviz.runs.curves import Curve, Point
from tlviz.runs.races.noise import best, race_noise
from tlviz.runs.races.race import Member, MemberState

STATE = MemberState


def member(seed: int, right: np.ndarray, state: MemberState = STATE.FINISHED) -> Member:
    point = Point(1, 1.0, 1, float(right.mean()), 1.0, None, None)
    curve = Curve(best=point, hits=pack_hits(right), validation_images=len(right))
    return Member(seed, "x", "x", seed, {}, None, state, curve)


def runs(seeds: int, share: float, start: int = 0, **more: MemberState) -> dict[int, Member]:
    drawn = [np.random.default_rng([start, seed]).random(200) < share for seed in range(seeds)]
    return {seed: member(seed, right, **more) for seed, right in enumerate(drawn)}


def test_three_seeds_that_have_ended_tell_and_fewer_do_not() -> None:
    assert race_noise([runs(3, 0.9), runs(3, 0.2, 1)]).blocks is not None
    for others in (runs(2, 0.2, 1), runs(3, 0.2, 1, state=STATE.RUNNING), {}):
        noise = race_noise([runs(2, 0.9), others])
        assert noise.blocks is None
    assert race_noise([]).blocks is None


def test_marks_need_seeds_in_common() -> None:
    good, bad = runs(3, 0.9), runs(3, 0.2, 1)
    noise = race_noise([good, bad])
    mark = noise.mark(good, bad)
    assert mark is not None
    assert (mark.seeds, mark.is_distinguishable) == (3, True)
    assert mark.gap == pytest.approx(np.mean([best(good[seed]) - best(bad[seed]) for seed in range(3)]))
    assert noise.is_won([mark]) is True
    two = noise.mark(good, {seed: bad[seed] for seed in (0, 1)})
    assert two is not None
    assert two.is_distinguishable is None
    assert noise.is_won([mark, two]) is None
    assert noise.mark(good, {7: bad[0]}) is None
    assert noise.is_won([mark, None]) is None
    assert noise.is_won([]) is None


def test_the_error_of_one_seed_is_that_of_its_images_and_of_many_that_of_both() -> None:
    one = runs(1, 0.75)
    assert race_noise([one]).error(one) == standard_error(best(one[0]), 200)
    several = runs(4, 0.75)
    noise = race_noise([several, runs(4, 0.75, 1)])
    assert noise.error(several) < standard_error(0.75, 200), "independent images add up"
    lucky = {seed: member(seed, np.arange(200) < 100 + 30 * seed) for seed in range(3)}
    noise = race_noise([lucky])
    assert noise.between_runs == pytest.approx(0.15**2, rel=0.1)
    assert noise.error(lucky) > 0.15 / 3**0.5


def test_runs_that_were_dropped_lend_no_noise() -> None:
    wild = {seed: member(seed, np.arange(200) < 60 * seed, STATE.DROPPED) for seed in range(3)}
    calm = [runs(3, 0.8), runs(3, 0.79, 1)]
    assert race_noise([*calm, wild]).blocks == race_noise(calm).blocks
