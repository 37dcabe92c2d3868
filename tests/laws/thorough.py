"""Random specs in random worlds, engine against reference, until the time is up.

    python -m tests.laws.thorough --minutes 30 --jobs 2

Each case is a spec of every form nested up to depth 5, with a request, a view, a moment and a seed; its plan is compared with
what the naive interpreter makes of the spec, and its runs in many worlds step by step, which must keep within the plan's bounds.
Prints how many there were, and each disagreement with the number that makes the case again and, made small, as JSON. Exits
with 1 if there was one.
"""

import argparse
import time
from collections import Counter
from functools import partial
from itertools import islice
from multiprocessing import get_context

import msgspec

from tests.laws.agreement import Disagreement, disagreements
from tests.laws.cases import Case, case_of
from tests.laws.shrinking import shrunk
from tests.laws.simulation import Simulated
from tests.laws.test_money import assert_bounded
from tests.laws.worlds import World, scripted_world
from tests.strategies import DEPLOYMENTS, GUARDRAILS

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
        runs = Counter[str]()
        case, scripts = (
            case_of(number),
            (scripted_world(number * worlds + each, DEPLOYMENTS, GUARDRAILS) for each in range(worlds)),
        )
        wrong = next(disagreements(case, scripts, partial(_look, runs)), None)
        counts += Counter({"specs": 1, "plans" if runs else "refusals": 1}) + runs
        found += [] if wrong is None else [f"case {number}: {_shown(case, wrong)}"]
    return counts, found


def _look(runs: Counter[str], done: Simulated) -> None:
    """Count what the run was like, and hold it against its bounds."""
    assert_bounded(done)
    hedges = sum(entry.cause == "hedge" for entry in done.run.trail)
    runs.update({"runs": 1, "calls": len(done.run.trail), "hedges": hedges, "checks": len(done.trace.judged)})


def _shown(case: Case, wrong: Disagreement) -> str:
    case, world = shrunk(case, wrong.world or World(), _disagree)
    small = next(disagreements(case, [world]), wrong)
    shown = {
        "what": small.what,
        "engine": repr(small.engine),
        "reference": repr(small.naive),
        "spec": case.spec,
        "request": case.request,
        "view": case.view,
        "moment": case.moment,
        "seed": case.seed,
        "world": repr(world),
    }
    return msgspec.json.format(msgspec.json.encode(shown), indent=2).decode()


def _disagree(case: Case, world: World) -> bool:
    return next(disagreements(case, [world]), None) is not None


if __name__ == "__main__":
    raise SystemExit(main())
