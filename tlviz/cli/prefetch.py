"""What a cluster's nodes need, fetched where there is a connection: weights and pictures in the shared caches."""

from __future__ import annotations

from typing import Annotated

import typer

from tlviz.cli.datasets import bytes_progress
from tlviz.cli.output import Facts, Json, print_result
from tlviz.data.images import find_dataset, open_settled
from tlviz.data.sources.public import PublicSpec
from tlviz.errors import BadSettingError
from tlviz.home import home
from tlviz.models.catalogue import find_model
from tlviz.models.local_weights import find_weights


def prefetch(
    model: Annotated[str | None, typer.Option(metavar="NAME", help="The network whose weights are fetched.")] = None,
    data: Annotated[str | None, typer.Option(metavar="DATA", help="The target that is fetched or unpacked.")] = None,
    as_json: Json = False,
) -> None:
    """Put a network's weights and a target into the caches, so that nodes without a connection find them."""
    if model is None and data is None:
        raise BadSettingError("Say what to fetch: --model NAME, --data DATA, or both.")
    result: dict[str, object] = {"home": str(home())}
    if model is not None:
        spec = find_model(model)
        found = find_weights(spec)
        if found is None:
            from tlviz.models.download import download_weights  # takes a second to import

            found = download_weights(spec, bytes_progress("downloaded"))
        result |= {"model": spec.name, "weights": str(found)}
    if data is not None:
        dataset = find_dataset(data)
        if isinstance(dataset, PublicSpec):
            from tlviz.data.sources.download import download

            download(dataset, bytes_progress("downloaded"))
        name, target = open_settled(data, bytes_progress("unpacked"))
        result |= {"data": name, "classes": len(target.classes), "images": len(target.names)}
    print_result(result, as_json, Facts(result))
