"""Which attribution methods a network allows: judged by its layers, because some methods fail without an error."""

from __future__ import annotations

from torch import nn

from tlviz.explore.attribution.activations import map_stages
from tlviz.explore.attribution.layer_types import ACTIVATIONS, ATTENTION, NORMS, Anatomy, Call, examine
from tlviz.explore.attribution.methods import METHODS, Method, NotApplicable
from tlviz.explore.attribution.rollout import attention_layers
from tlviz.models.load import Network
from tlviz.models.spec import Layout

_EXAMINED = frozenset({Method.GUIDED_BACKPROP, Method.GUIDED_GRAD_CAM, Method.DEEPLIFT, Method.ATTENTION_ROLLOUT})
_DEEPLIFT_RULES = (nn.ReLU, nn.ELU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh, nn.Softplus, nn.Softmax)
_WORDS = {"relu": "ReLU", "hardtanh": "ReLU6", "relu6": "ReLU6", "gelu": "GELU", "silu": "SiLU"}


def why_not(network: Network, method: Method, anatomy: Anatomy | None = None) -> NotApplicable | None:
    """Return why a method cannot be used on a network and the nearest that can, or None where it can.

    Judged by the types of its layers; ``anatomy`` saves the pass of shapes that some methods need.
    """
    if anatomy is None and method in _EXAMINED:
        anatomy = study(network)
    return judge(network, method, anatomy or Anatomy())


def unavailable(network: Network) -> dict[Method, NotApplicable]:
    """Return every method that a network does not allow, with the reason, from one pass of shapes."""
    anatomy = study(network)
    found = {method: judge(network, method, anatomy) for method in METHODS}
    return {method: reason for method, reason in found.items() if reason is not None}


def study(network: Network) -> Anatomy:
    """Examine a network; its lock is held meanwhile."""
    with network.lock:
        return examine(network.module, network.spec.preprocessing.size)


def judge(network: Network, method: Method, anatomy: Anatomy) -> NotApplicable | None:
    """Return why a method cannot be used, from what was seen of the network, or None."""
    match method:
        case Method.GRAD_CAM:
            return _no_maps(network) or _tokens_instead(network)
        case Method.TOKEN_GRAD_CAM:
            return _no_maps(network) or _maps_instead(network)
        case Method.GUIDED_BACKPROP:
            return _refuse(_not_guided(anatomy), Method.SMOOTHGRAD)
        case Method.GUIDED_GRAD_CAM:
            return _no_maps(network) or _refuse(_not_guided(anatomy), _class_map(network))
        case Method.DEEPLIFT:
            return _refuse(_no_deeplift(anatomy), Method.INTEGRATED_GRADIENTS)
        case Method.ATTENTION_ROLLOUT:
            return _refuse(_no_rollout(network, anatomy), _class_map(network))
    return None


def has_tokens(network: Network) -> bool:
    """Return whether a network's last feature maps are tokens."""
    stages = map_stages(network)
    return bool(stages) and stages[-1].layout is Layout.TOKENS


def _refuse(reason: str | None, nearest: Method) -> NotApplicable | None:
    return NotApplicable(reason, nearest) if reason else None


def _class_map(network: Network) -> Method:
    if not map_stages(network):
        return Method.SALIENCY
    return Method.TOKEN_GRAD_CAM if has_tokens(network) else Method.GRAD_CAM


def _no_maps(network: Network) -> NotApplicable | None:
    reason = "No stage of this network keeps a grid of positions that could be drawn over the picture."
    return None if map_stages(network) else NotApplicable(reason, Method.SALIENCY)


def _tokens_instead(network: Network) -> NotApplicable | None:
    reason = "This network works on patches (tokens) and has no feature maps at its end."
    return NotApplicable(reason, Method.TOKEN_GRAD_CAM) if has_tokens(network) else None


def _maps_instead(network: Network) -> NotApplicable | None:
    reason = "This network ends in feature maps and not in tokens."
    return None if has_tokens(network) else NotApplicable(reason, Method.GRAD_CAM)


def _not_guided(anatomy: Anatomy) -> str | None:
    activations = anatomy.of(ACTIVATIONS | ATTENTION)
    others = [call for call in activations if call.name != "relu"]
    if others:
        return (
            f"This network also uses {_word(others[0])}, and Guided Backprop changes only ReLU: the map would be "
            "wholly or partly the unchanged gradient."
        )
    if any(not isinstance(call.layer, nn.ReLU) for call in activations):
        return "This network calls ReLU inside its own code, where Guided Backprop cannot reach it."
    return None if activations else "This network has no ReLU for Guided Backprop to change."


def _no_deeplift(anatomy: Anatomy) -> str | None:
    activations = anatomy.of(ACTIVATIONS | ATTENTION)
    unknown = [c for c in activations if not c.is_by_module or type(c.layer) not in _DEEPLIFT_RULES]
    if unknown:
        known = type(unknown[0].layer) in _DEEPLIFT_RULES or _word(unknown[0]) == "ReLU"
        if known and not unknown[0].is_by_module:
            return f"This network calls {_word(unknown[0])} inside its own code, where DeepLift cannot reach it."
        return (
            f"DeepLift has no rule for {_word(unknown[0])}, used in this network: the map would be the plain gradient."
        )
    pools = anatomy.of(frozenset({"max_pool"}))
    twice = [call for call in (*activations, *pools) if anatomy.runs.get(call.path, 0) > 1]
    if twice:
        return f"This network uses the same layer ({twice[0].path}) more than once, which DeepLift cannot follow."
    if anatomy.of(NORMS):
        return "DeepLift has no rule for this network's normalisation, which depends on the picture."
    if anatomy.of(frozenset({"product"})):
        return "This network multiplies activations with each other; DeepLift has no rule for that."
    if any(not isinstance(call.layer, nn.MaxPool2d) or _overlaps(call.layer) for call in pools):
        return "The windows of this network's max-pooling overlap, and DeepLift's rule loses part of the score there."
    return None


def _overlaps(pool: nn.MaxPool2d) -> bool:
    size, stride = (v if isinstance(v, tuple) else (v, v) for v in (pool.kernel_size, pool.stride))
    return any(wide > step for wide, step in zip(size, stride, strict=True))


def _no_rollout(network: Network, anatomy: Anatomy) -> str | None:
    if not anatomy.of(ATTENTION) and not anatomy.of(frozenset({"softmax"})):
        return "This network has no attention layers."
    tokens = [stage for stage in map_stages(network) if stage.layout is Layout.TOKENS]
    if not has_tokens(network) or len({stage.reduction for stage in tokens}) > 1:
        return "This network's attention works within windows or on grids of changing size, which cannot be rolled out."
    layers = tuple(path for path, _ in attention_layers(network))
    backbone = tuple(f"{path}." for stage in network.stages[:-1] for path in stage.modules)
    looks = [c for c in anatomy.of(ATTENTION | {"softmax"}) if f"{c.path}.".startswith(backbone)]
    if not layers or any(not f"{c.path}.".startswith(tuple(f"{path}." for path in layers)) for c in looks):
        return "This network's attention layers do not show which patch attends to which."
    return None


def _word(call: Call) -> str:
    """Name an activation as a person reads it."""
    if call.name in ATTENTION:
        return "attention"
    return _WORDS.get(call.name, call.name)
