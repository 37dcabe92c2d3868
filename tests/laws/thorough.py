"""Random specs in random worlds, engine against reference, until the time is up.

    python -m tests.laws.thorough --minutes 30 --jobs 2

Each case is a spec of every form nested up to depth 5, with a request, a view, a moment and a seed; its plan is compared with
what the naive interpreter makes of the spec, and its runs in many worlds step by step. Prints how many there were and each
disagreement with the number that makes the case again. Exits with 1 if there was one.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from multiprocessing import get_context

from tests.laws.agreement import Disagreement, disagreements
from tests.laws.cases import case_of
from tests.laws.worlds import scripted_world
from tests.strategies import DEPLOYMENTS, GUARDRAILS
from voxplan.engine.plan import Plan

_AT_ONCE = 20


def main() -> int:
    """Compare until the time is up."""
    arguments = _arguments()
    ends = time.monotonic() + 60 * arguments.minutes
    counts, found = Counter[str](), list[str]()
    starts = iter(range(arguments.first, 10**12, _AT_ONCE))
    with get_context("spawn").Pool(arguments.jobs) as pool:
        while time.monotonic() < ends:
            shares = [(start, arguments.worlds) for start in islice(starts, 4 * arguments.jobs)]
            for counted, disagreed in pool.starmap(_compared, shares):
                counts += counted
                found += disagreed
                print(*disagreed, sep="\n", end="\n" if disagreed else "", flush=True)
    print(", ".join(f"{count:,} {what}" for what, count in counts.items()) + f"; {len(found)} disagreements")
    return 1 if found else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (default 30)")
    parser.add_argument("--worlds", type=int, default=50, help="worlds for each plan (default 50)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first case (default 0)")
    return parser.parse_args()


def _compared(start: int, worlds: int) -> tuple[Counter[str], list[str]]:
    """The cases from `start` on: how many there were, and what engine and reference disagree about."""
    counts, found = Counter[str](), list[str]()
    for number in range(start, start + _AT_ONCE):
        case = case_of(number)
        planned = isinstance(case.result(), Plan)
        counts += Counter({"specs": 1, "plans": planned, "refusals": not planned, "runs": worlds * planned})
        disagreed = disagreements(
            case, (scripted_world(number * worlds + world, DEPLOYMENTS, GUARDRAILS) for world in range(worlds))
        )
        found += [f"case {number}: {_shown(each)}" for each in _first(disagreed)]
    return counts, found


def _first(disagreed: Iterator[Disagreement]) -> Iterator[Disagreement]:
    return islice(disagreed, 1)


def _shown(found: Disagreement) -> str:
    return f"{found.what}: the engine says {found.engine}, the reference {found.naive}; world {found.world}"


if __name__ == "__main__":
    raise SystemExit(main())
