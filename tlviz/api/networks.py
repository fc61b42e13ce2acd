"""Networks in Python: pretrained ones by name, with their stages as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tlviz.api.result import Result
from tlviz.models.catalogue import find_model
from tlviz.models.local_weights import need_weights
from tlviz.models.spec import ModelSpec, Stage

if TYPE_CHECKING:
    import pandas as pd

    from tlviz.figures.theme import Figure
    from tlviz.models.load import Network

FIRST_MODEL = "squeezenet1_1"
"""The network that is meant where none is named: it ships."""


@dataclass(frozen=True, repr=False)
class LoadedNetwork(Result):
    """A network in memory: ``network.module`` is the torch module, ``run`` the run whose weights it has, or ''."""

    network: Network
    run: str = ""

    @property
    def name(self) -> str:
        """The name that every function takes."""
        return self.network.spec.name

    @property
    def spec(self) -> ModelSpec:
        """What the catalogue says: size, licence, what it was trained on, how pictures are prepared."""
        return self.network.spec

    @property
    def module(self) -> Any:
        """The torch module, in eval mode; it is yours alone."""
        return self.network.module

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages from the stem to the head."""
        return self.network.stages

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes it answers with."""
        return self.network.classes

    @property
    def summary(self) -> str:
        """Say what it is."""
        count = sum(stage.parameters for stage in self.stages)
        whose = f"{self.spec.title}, weights of the run {self.run}" if self.run else self.spec.title
        return f"{whose}: {len(self.stages)} stages, {count:,} parameters, {len(self.classes):,} classes."

    def table(self) -> pd.DataFrame:
        """Return one row a stage: its channels, parameters, reduction and share of the compute."""
        import pandas as pd

        fields = ("parameters", "channels", "reduction", "cost_share")
        return pd.DataFrame(
            [{"stage": stage.name} | {name: getattr(stage, name) for name in fields} for stage in self.stages]
        )

    def figure(self) -> Figure:
        """Draw the share of the compute that each stage of the backbone takes."""
        from tlviz.figures.stage_measures import plot_stage_bars

        names = [stage.name for stage in self.stages[:-1]]
        return plot_stage_bars(names, [stage.cost_share for stage in self.stages[:-1]], "share of the compute")


Source = str | LoadedNetwork
"""A network by its name, or one that is loaded."""


def load_network(model: Source = FIRST_MODEL) -> LoadedNetwork:
    """Load a pretrained network by its name; `tlviz models` lists all, and an exported file is one too.

    Raises ``UnknownNameError`` with the nearest names, and ``BadWeightsError`` where its weights are not on this
    machine.

    >>> network = tlviz.load_network("squeezenet1_1")
    >>> len(network.stages)
    10
    >>> network.table()
    """
    if isinstance(model, LoadedNetwork):
        return model
    from tlviz.models.load import load_network as load

    spec = find_model(model)
    need_weights(spec)
    return LoadedNetwork(load(spec))


def name_of(model: Source) -> str:
    """Return the name of a network.  Raises ``UnknownNameError``."""
    return model.name if isinstance(model, LoadedNetwork) else find_model(model).name
