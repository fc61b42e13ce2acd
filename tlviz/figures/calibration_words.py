"""What a reliability diagram shows, in words: who is too sure, who not sure enough, and what may be chance."""

from __future__ import annotations

from collections.abc import Mapping

from tlviz.measures.calibration import Calibration


def calibration_in_words(found: Mapping[str, Calibration]) -> str:
    """Say of each network whether its calibration error is more than chance, and in which direction it points."""
    return " ".join(f"{name} {_judged(result)}." for name, result in found.items())


def bins_in_words(found: Mapping[str, Calibration]) -> str:
    """Say how many images stand behind the bins."""
    told = {(result.images, len(result.bins)) for result in found.values()}
    parts = [_bins(images, bins) for images, bins in sorted(told)]
    return f"{' or '.join(parts)}, sorted by confidence."


def _judged(result: Calibration) -> str:
    error = f"{result.error:.1%}"
    chance = f"on {result.images:,} images a perfectly calibrated network stays below {result.chance_high:.1%} (95%)"
    if not result.is_off:
        return f"cannot be told from a calibrated network: its error is {error}, and {chance}"
    gap = sum(held.count * (held.confidence - held.accuracy) for held in result.bins) / result.images
    size = f"by {abs(gap):.1%} on average"
    what = f"is too sure {size}" if gap > result.error / 2 else f"is not sure enough {size}"
    if abs(gap) <= result.error / 2:
        what = "is too sure of some images and not sure enough of others"
    return f"{what}: its error is {error}, and {chance}"


def _bins(images: int, bins: int) -> str:
    if bins == 1:
        return f"{images:,} image{'s' if images != 1 else ''} in one bin"
    return f"{images:,} images in {bins} bins of about {round(images / bins):,}"
