"""What somebody wants profiled: which network on which target, at which size and how many images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from tlviz.data.images import Form
from tlviz.data.sources.reading import ReadAs
from tlviz.errors import BadSettingError
from tlviz.modality import Modality, form_of, modality_of
from tlviz.models.catalogue import find_model
from tlviz.models.spec import ModelSpec, check_size

LIMIT = 1000
SIZE = 160
"""The side at which pictures are measured: half the work of 224, and the last maps are still 5 x 5."""
_SIZES = (32, 1024)
LIMITS = (20, 5_000)
"""The fewest and the most images: neighbours and kernels hold numbers for every pair, at 5,000 images 200 MB each."""
_SEEDS = (0, 2**32 - 1)


@dataclass(frozen=True, slots=True)
class Request:
    """A network by name, a target by name or path, the side in pixels, the most images, and the seed.

    ``read_as`` is how the target is read; None is what the person decided before, if anything.
    """

    model: str
    data: str
    image_size: int
    limit: int = LIMIT
    seed: int = 0
    read_as: ReadAs | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        return asdict(self) | {"read_as": self.read_as.to_json() if self.read_as is not None else None}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a request from ``to_json``; other keys are ignored."""
        read_as = values.get("read_as")
        plain = {name: values[name] for name in ("model", "data", "image_size", "limit", "seed")}
        return cls(**plain, read_as=ReadAs.from_json(read_as) if read_as is not None else None)

    @property
    def modality(self) -> Modality:
        """What the network takes."""
        return modality_of(find_model(self.model))

    @property
    def geometry(self) -> Form:
        """How the pictures become square: whole, padded with white."""
        return form_of(find_model(self.model), self.image_size)


def make_request(model: str, data: str, *, image_size: int | None = None, limit: int = LIMIT, seed: int = 0) -> Request:
    """Check a request and fill in the size.  Raises ``UnknownNameError`` or ``BadSettingError``."""
    spec = find_model(model)
    size = default_size(spec) if image_size is None else image_size
    for name, value, (low, high) in (("image size", size, _SIZES), ("limit", limit, LIMITS), ("seed", seed, _SEEDS)):
        if not low <= value <= high:
            raise BadSettingError(f"{name} is {value:,}; it must be between {low:,} and {high:,}.")
    check_size(spec, size)
    return Request(spec.name, data, size, limit, seed)


def default_size(spec: ModelSpec) -> int:
    """Return 160 pixels, the next larger side the architecture takes, or its own where that is smaller or the only."""
    own = spec.preprocessing.size
    return next((side for side in range(SIZE, own) if spec.takes(side)), own)
