"""What must be said beside the figures of trained networks: pairs that they have seen, and metrics that they were trained for."""

from __future__ import annotations

from collections.abc import Sequence

from .catalogue import CHECKS
from .checks import Check
from .methods import FusedFolder, Method, Network
from .pair_sets import TITLES, PairSet


def seen(what: PairSet | Check, methods: Sequence[Method | FusedFolder]) -> dict[str, list[str]]:
    """By name of the network: patients and series of the pairs that it was trained or validated on, where there are any."""
    groups = {pair.group for pair in what.pairs}
    return {each.name: sorted(groups & each.seen) for each in methods if isinstance(each, Network) and each.seen and groups & each.seen}


def remarks(what: PairSet | Check, methods: Sequence[Method | FusedFolder]) -> list[str]:
    """Sentences for the table."""
    sentences = [
        f"\\* **{name} was trained or validated on {', '.join(groups)}, which are among these pairs**: its figures are no test, and it is "
        "not ranked."
        for name, groups in seen(what, methods).items()
    ]
    for network in (each for each in methods if isinstance(each, Network)):
        if network.seen is None and what.name in (*TITLES, *CHECKS):
            sentences.append(
                f"The card of {network.name} does not list the patients and series that it was trained on: whether it has seen these pairs "
                "is not known."
            )
        if network.loss_metrics and isinstance(what, PairSet):
            sentences.append(
                f"{network.name} was trained with a loss that has {', '.join(network.loss_metrics)} among its terms: its rank there is no "
                "independent finding."
            )
    return sentences
