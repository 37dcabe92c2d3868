"""What one decision costs: CPU time of `plan` by the number of deployments and by strategy.

Run with `python bench/plan_decision.py`. Beside it, in turns, run the floor of a weighted random choice and, where LiteLLM is
installed, the decision of its router over as many deployments of one group. Each figure is the median over rounds in which the
contestants take turns, so that a machine that changes its speed changes all of them.
"""

import importlib
import itertools
import random
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol, cast, get_args

from voxplan.engine.language.spec import Arm, Balance, Deployment, RouteNode, Spec, Strategy
from voxplan.engine.observed.view import EMPTY_VIEW
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.planning import plan
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.capability import Capabilities, ProviderFacts
from voxplan.engine.terms.request import AudioFacts, Request

ROUNDS = 9
CALLS = 200
SIZES = (1, 2, 4, 10, 100, 1000)
CATALOG = {"any": ProviderFacts(provider="any", needs_key=False, otherwise=Capabilities())}
REQUEST = Request(route="r", audio=AudioFacts(seconds=30.0), user="somebody")

Decision = Callable[[], object]


class LiteLLMRouter(Protocol):
    """The one method of LiteLLM's router that decides."""

    def get_available_deployment(self, model: str) -> object:
        """One deployment of the group `model`."""
        ...


def spec(deployments: int, by: Strategy, spill: int) -> Spec:
    """A balance over all deployments; after the chosen one `spill` others are its fallbacks."""
    names = [f"d{number}" for number in range(deployments)]
    arms = tuple(Arm(route=RouteNode(use=name), weight=1 + number % 3) for number, name in enumerate(names))
    balance = Balance(among=arms, by=by, spill=spill, key="user" if by == "sticky" else None)
    return Spec(
        voxplan=1,
        deployments={name: Deployment(provider="any", model="m") for name in names},
        routes={"r": RouteNode(balance=balance)},
    )


def ours(deployments: int, by: Strategy = "weight", spill: int = 3) -> Decision:
    """`plan` with a new seed each time."""
    router, seeds = compile_checked(spec(deployments, by, spill), CATALOG), itertools.count()
    return partial(decide, router, seeds)


def decide(router: Router, seeds: Iterator[int]) -> object:
    """One plan with the next seed."""
    return plan(router, REQUEST, EMPTY_VIEW, 0, next(seeds))


def floor(deployments: int) -> Decision:
    """The least a weighted choice can cost in Python."""
    names, weights = [f"d{number}" for number in range(deployments)], [1 + number % 3 for number in range(deployments)]
    return partial(random.choices, names, weights)


def litellm_router(deployments: int) -> Decision | None:
    """LiteLLM's router over one group of weighted deployments; None where LiteLLM is not installed."""
    try:
        library = importlib.import_module("litellm")
    except ImportError:
        return None
    group = [
        {
            "model_name": "m",
            "litellm_params": {
                "model": "openai/whisper-1",
                "api_key": "k",
                "weight": 1 + number % 3,
                "api_base": f"http://{number}",
            },
        }
        for number in range(deployments)
    ]
    router = cast("LiteLLMRouter", library.Router(model_list=group))
    return partial(router.get_available_deployment, "m")


def microseconds(call: Decision) -> float:
    """CPU time of one call."""
    started = time.process_time_ns()
    for _ in range(CALLS):
        call()
    return (time.process_time_ns() - started) / CALLS / 1000


def medians(contestants: list[Decision]) -> list[float]:
    """The median time of each; they take turns."""
    rounds = [[microseconds(contestant) for contestant in contestants] for _ in range(ROUNDS)]
    return [statistics.median(times) for times in zip(*rounds, strict=True)]


def main() -> None:
    """Print one line for each number of deployments, then one for each strategy."""
    print("balance by weight, spill 3: microseconds of CPU per decision, in turns")
    print(f"{'deployments':>11} {'voxplan':>9} {'LiteLLM':>9} {'a choice':>9} {'voxplan / LiteLLM':>18}")
    for deployments in SIZES:
        peer = litellm_router(deployments)
        times = medians([ours(deployments), floor(deployments), *([peer] if peer else [])])
        theirs = f"{times[2]:.1f}" if peer else "-"
        ratio = f"{times[0] / times[2]:.2f}" if peer else "-"
        print(f"{deployments:>11} {times[0]:>9.1f} {theirs:>9} {times[1]:>9.2f} {ratio:>18}")
    print("\none choice among 1,000 deployments (spill 0)")
    strategies = cast("tuple[Strategy, ...]", get_args(Strategy))
    for strategy, taken in zip(strategies, medians([ours(1000, strategy, 0) for strategy in strategies]), strict=True):
        print(f"{strategy:>11} {taken:>9.1f}")


if __name__ == "__main__":
    main()
