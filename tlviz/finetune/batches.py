"""What the training steps see: pictures for the whole network, or what its frozen stages made of them."""

from __future__ import annotations

from collections.abc import Hashable

import torch
from torch import Tensor, nn

from tlviz.data.training.mix_kinds import Mix
from tlviz.data.training.splits import Indices
from tlviz.finetune.cache import CHUNK, Need, PrefixCache, PrefixCachePool, find_room
from tlviz.finetune.choices import Augment, BatchNorm
from tlviz.finetune.config import FinetuneConfig
from tlviz.finetune.device import pass_size, precision
from tlviz.finetune.freezing import train_mode
from tlviz.finetune.items import Items
from tlviz.finetune.plan import Phase
from tlviz.finetune.session import Session
from tlviz.models.head import ends_rectified
from tlviz.models.media import side_of
from tlviz.models.split import CannotSplitError


class BatchSource:
    """Feeds one phase: inputs for training and validation, and the logits of what has to run on them.

    Where the first stages are frozen, their outputs are kept and only the tail runs; ``note`` says so, or why not, and
    is empty where none are.
    Training pictures of frozen stages come in a few fixed views, with or without a cache; without frozen stages they
    vary afresh.  ``epochs`` is how long the phase lasts.  Where the frozen stages are the pretrained ones, their
    outputs are looked for on ``shelf`` and left there.  ``is_still`` False says that what is validated of them moves
    all the same, so that nothing can be kept.
    """

    def __init__(
        self,
        session: Session,
        pictures: Items,
        phase: Phase,
        epochs: int,
        shelf: PrefixCachePool | None = None,
        *,
        is_still: bool = True,
    ) -> None:
        config = session.config
        self._session, self._pictures, self._phase, self._shelf = session, pictures, phase, shelf
        self._unsteady = _why_unsteady(config, is_still=is_still)
        self._has_still_prefix = phase.depth > 0 and not self._unsteady
        self._views = 0 if config.augment is Augment.NONE else config.views
        self._chunk = pass_size(CHUNK, config.batch_size)
        self._cache: PrefixCache | None = None
        self._tail = session.network.module
        self._is_rectified = ends_rectified(session.network.module, session.network.stages[-1])
        self.note = self._keep_prefix(epochs)
        if config.compile and session.device.type == "cuda":
            self._tail = torch.compile(self._tail)  # type: ignore[assignment]

    @classmethod
    def whole(cls, session: Session, pictures: Items) -> BatchSource:
        """Return a feed of the whole network, with nothing kept."""
        return cls(session, pictures, Phase(1, frozenset(), 1.0), 1)

    @property
    def saved_s(self) -> float:
        """How many seconds of computing an earlier session has saved this one."""
        return self._cache.saved_s if self._cache is not None else 0.0

    def prepare(self, indices: Indices, epoch: int) -> None:
        """Run the frozen stages on training pictures whose outputs an epoch needs and no earlier one has left.

        Raises ``Halted`` where a stop is asked for.
        """
        self._fill(indices, self._view(epoch))

    def train(self, indices: Indices, epoch: int, generator: torch.Generator) -> Tensor:
        """Return the inputs (n, ...) of training pictures in an epoch."""
        if self._views and not self._has_still_prefix:
            return self._pictures.varied(indices, generator)
        return self._inputs(indices, self._view(epoch))

    def plain(self, indices: Indices) -> Tensor:
        """Return the inputs (n, ...) of pictures as they are."""
        self._fill(indices, view=0)
        return self._inputs(indices, view=0)

    def by_cost(self, indices: Indices) -> Indices:
        """Return the positions (n,) among indices in an order in which neighbours take the same room."""
        return self._pictures.by_cost(indices)

    def labels(self, indices: Indices) -> Tensor:
        """Return the labels (n,) of pictures on the device."""
        return self._pictures.labels(indices)

    def logits(self, inputs: Tensor) -> Tensor:
        """Return the logits (n, C) of inputs; on a GPU the network computes them in bfloat16.

        A rectified head's logits begin near 100, where that knows halves only: it computes in float32.
        """
        if self._is_rectified:
            return self._tail(inputs.float())  # type: ignore[no-any-return]
        with precision(self._session.device):
            result: Tensor = self._tail(inputs)
        return result.float()

    def train_mode(self) -> None:
        """Put what trains into training mode, and nothing else."""
        self._tail.train()
        network = self._session.network
        phase, batchnorm = self._phase, self._session.config.batchnorm
        train_mode(network.module, network.stages, phase.frozen, batchnorm, phase.unfrozen)

    def eval_mode(self) -> None:
        """Put everything into eval mode."""
        self._tail.eval()
        self._session.network.module.eval()

    def _view(self, epoch: int) -> int:
        """Return the view of an epoch: 0 are the pictures as they are."""
        return 1 + (epoch - 1) % self._views if self._views else 0

    def _inputs(self, indices: Indices, view: int) -> Tensor:
        if self._cache is not None:
            return self._cache.take(indices, view)
        return self._pictures.view(indices, view) if view else self._pictures.plain(indices)

    def _fill(self, indices: Indices, view: int) -> None:
        """Keep what the frozen stages make of one view of pictures, where anything is kept."""

        def pictures(missing: Indices) -> Tensor:
            self._session.halt_if_asked()
            return self._pictures.view(missing, view) if view else self._pictures.plain(missing)

        if self._cache is not None:
            with precision(self._session.device):
                self._cache.fill(indices, view, pictures, self._pictures.by_cost)

    def _keep_prefix(self, epochs: int) -> str:
        """Split the network and make room for the prefix's outputs where that saves work; return what came of it."""
        session, depth = self._session, self._phase.depth
        views = min(max(1, self._views), epochs)
        if not depth:
            return ""
        reason = self._unsteady or _why_useless(views, epochs, session.config.cache_mb)
        if reason:
            return f"The frozen stages run at every step: {reason}."
        network, rows = session.network, len(session.split.validation) + views * len(session.split.train)
        try:
            split = side_of(network.spec).cut(network.module, network.stages, depth)
        except CannotSplitError as error:
            return str(error)
        prefix = split.prefix.eval()
        with torch.no_grad(), precision(session.device):
            sample = prefix(self._pictures.plain(session.split.train[:1]))
        items, kept = self._pictures, session.split
        tall = items.room(kept.validation, sample) + views * items.room(kept.train, sample)
        room = find_room(tall, sample if tall == rows else sample[:, :1], session.config.cache_mb)
        if room.place is None:
            return f"What the frozen stages compute, {room.size / 2**20:,.0f} MB, fits nowhere; they run at every step."
        self._tail = split.tail
        self._cache = self._shelved(prefix, room.size) or self._new_cache(prefix, (rows, tall), sample, room)
        share = sum(stage.cost_share for stage in network.stages[:depth])
        return (
            f"The first {depth} stages, {share:.0%} of the compute, run once for each picture; "
            f"what they compute is kept {room.place} ({room.size / 2**20:,.0f} MB)."
        )

    def _shelved(self, prefix: nn.Module, size: int) -> PrefixCache | None:
        found = self._shelf.find(self._key(), size) if self._shelf else None
        return found.behind(prefix) if found else None

    def _new_cache(self, prefix: nn.Module, rows: tuple[int, int], sample: Tensor, room: Need) -> PrefixCache:
        if self._shelf:
            self._shelf.make_room(room.size)
        store = self._pictures.store(*rows, sample, in_memory=room.place != "on disk", device=room.device)
        cache = PrefixCache(prefix, len(self._session.images.labels), 1 + self._views, store, self._chunk)
        if self._shelf:
            self._shelf.keep(self._key(), cache, room.size)
        return cache

    def _key(self) -> Hashable:
        """Return all that decides what the pretrained stages compute, and in which chunks."""
        session, config = self._session, self._session.config
        pictures = (session.images.name, session.images.excluded, session.images.may_flip, config.fit)
        views = (config.augment, self._views, config.seed, session.split.train.tobytes())
        place = (str(session.device), config.threads, config.deterministic, session.split.validation.tobytes())
        return config.model, self._phase.depth, config.image_size, self._chunk, *pictures, *views, *place


def _why_unsteady(config: FinetuneConfig, *, is_still: bool) -> str:
    """Return why what frozen stages make of a picture does not stay the same; empty where it does."""
    if config.mix is not Mix.NONE:
        return "pictures are mixed anew each time"
    if config.batchnorm in (BatchNorm.MOVE, BatchNorm.TRAIN):
        return "their BatchNorm layers follow the batches"
    return "" if is_still else "the averages of their weights still move"


def _why_useless(views: int, epochs: int, cache_mb: int) -> str:
    """Return why keeping what frozen stages compute would save nothing, or is not wanted; empty where it is."""
    if not cache_mb:
        return "no memory is set aside for what they compute"
    return "no training picture comes twice in the same view" if views == epochs else ""
