"""Pictures of a sample that know one another: copies, and what a target declares."""

from __future__ import annotations

import numpy as np

from tlviz.diagnose.known_groups import known_groups


def painted(seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    rough = generator.integers(0, 255, (8, 8, 3), dtype=np.uint8)
    return np.kron(rough, np.ones((8, 8, 1), np.uint8))


def same(groups: np.ndarray) -> list[int]:
    """Return for each picture the first of its group."""
    return [groups.tolist().index(group) for group in groups.tolist()]


def test_copies_share_a_group_and_are_told() -> None:
    brighter = np.clip(painted(1).astype(int) + 8, 0, 255).astype(np.uint8)
    groups, notes = known_groups(np.stack([painted(0), painted(1), painted(0), painted(2), brighter]), [])
    assert same(groups) == [0, 1, 0, 3, 1]
    assert notes == ("2 pictures are copies of others; the probes leave a picture out together with its copies.",)
    assert known_groups(np.stack([painted(0), painted(0)]), [])[1][0].startswith("One picture is a copy of others")


def test_what_the_target_declares_is_joined_with_the_copies() -> None:
    pixels = np.stack([painted(0), painted(1), painted(0), painted(2), painted(3)])
    groups, notes = known_groups(pixels, ["ann", "", "bob", "bob", ""])
    assert same(groups) == [0, 1, 0, 0, 4]
    assert notes[-1] == "The probes leave the 2 groups of the target out whole."


def test_pictures_that_differ_are_on_their_own() -> None:
    groups, notes = known_groups(np.stack([painted(seed) for seed in range(5)]), [])
    assert same(groups) == [0, 1, 2, 3, 4]
    assert notes == ()
