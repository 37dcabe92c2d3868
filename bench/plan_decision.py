"""What one decision costs: CPU time of `plan` by the number of deployments, beside the floor of a weighted random choice.

Run with `python bench/plan_decision.py`. Each figure is the median over rounds in which the contestants take turns, so that a
machine that changes its speed changes all of them.
"""

import itertools
import random
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

from voxplan.engine.capability import Capabilities, ProviderFacts
from voxplan.engine.compiling import compile_checked
from voxplan.engine.planning import plan
from voxplan.engine.request import AudioFacts, Request
from voxplan.engine.router import Router
from voxplan.engine.spec import Arm, Balance, Deployment, RouteNode, Spec
from voxplan.engine.view import EMPTY_VIEW

ROUNDS = 9
CALLS = 300
CATALOG = {"any": ProviderFacts(provider="any", needs_key=False, otherwise=Capabilities())}
REQUEST = Request(route="r", audio=AudioFacts(seconds=30.0))


def spec(deployments: int) -> Spec:
    """A balance over all deployments, of which at most four are attempted."""
    names = [f"d{number}" for number in range(deployments)]
    arms = tuple(Arm(route=RouteNode(use=name), weight=1 + number % 3) for number, name in enumerate(names))
    return Spec(
        voxplan=1,
        deployments={name: Deployment(provider="any", model="m") for name in names},
        routes={"r": RouteNode(balance=Balance(among=arms, spill=3))},
    )


def microseconds(call: Callable[[], object]) -> float:
    """CPU time of one call."""
    started = time.process_time_ns()
    for _ in range(CALLS):
        call()
    return (time.process_time_ns() - started) / CALLS / 1000


def decide(router: Router, seeds: Iterator[int]) -> object:
    """One plan with the next seed."""
    return plan(router, REQUEST, EMPTY_VIEW, 0, next(seeds))


def main() -> None:
    """Print one line for each number of deployments."""
    print(f"{'deployments':>11} {'plan, µs':>9} {'choice, µs':>11} {'ratio':>6}")
    for deployments in (1, 2, 4, 10, 100, 1000):
        router = compile_checked(spec(deployments), CATALOG)
        names, weights = list(router.deployments), [1 + number % 3 for number in range(deployments)]
        planned: list[float] = []
        chosen: list[float] = []
        for _ in range(ROUNDS):
            planned.append(microseconds(partial(decide, router, itertools.count())))
            chosen.append(microseconds(partial(random.choices, names, weights)))
        ours, floor = statistics.median(planned), statistics.median(chosen)
        print(f"{deployments:>11} {ours:>9.1f} {floor:>11.2f} {ours / floor:>6.0f}")


if __name__ == "__main__":
    main()
