"""What every result of the Python interface can do: a sentence, a table, a figure, and to show itself in a notebook."""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from tlviz.figures.theme import Figure

MOST_ROWS = 12
"""A notebook shows this many rows of a result; its table has all."""


class Result(ABC):
    """A result that tells itself in a sentence, as a pandas table and as a Plotly figure."""

    @property
    @abstractmethod
    def summary(self) -> str:
        """Say in a sentence what this is."""

    @abstractmethod
    def table(self) -> pd.DataFrame:
        """Return the numbers as a pandas table."""

    @abstractmethod
    def figure(self) -> Figure:
        """Return the numbers as a Plotly figure."""

    def __repr__(self) -> str:
        """Return the sentence: arrays in full help nobody."""
        return f"<{type(self).__name__}: {self.summary}>"

    def _repr_html_(self) -> str:
        """Return the sentence and the first rows of the table, as Jupyter shows them."""
        rows = self.table()
        shown = rows.head(MOST_ROWS).to_html(index=False, na_rep="", float_format="{:.4g}".format)
        more = f"<p>… {len(rows) - MOST_ROWS:,} more rows in .table()</p>" if len(rows) > MOST_ROWS else ""
        return f"<p>{html.escape(self.summary)}</p>{shown}{more}"
