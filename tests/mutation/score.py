"""Mutation testing of planner and driver: the share of small faults put into them that the tests notice.

    python -m tests.mutation.score --mutants 300 --jobs 2

A random part of all mutants that cosmic-ray can make (`pip install cosmic-ray`), in copies of the repository, with the unit tests
of the engine and the laws that hold engine and reference against each other. Prints the score and each survivor as a diff.
A survivor is a test that is missing, or a change that means the same: look at each.
"""

import argparse
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PLANNER = ("bounds", "choosing", "draws", "edges", "expanding", "explaining", "inheriting", "planning", "ranking", "situation")
DRIVER = ("calling", "driving", "gates", "judging", "ledger", "progress", "turn", "walking")
MODULES = (*(f"engine/plans/{name}.py" for name in PLANNER), *(f"engine/runs/{name}.py" for name in DRIVER))
TESTS = ("tests/engine/plans", "tests/engine/runs", "tests/laws/test_weights.py", "tests/laws/test_driver.py")
NOT_COPIED = shutil.ignore_patterns(".git", ".venv*", "__pycache__", ".hypothesis", "*_cache", "dist", "build")
CONFIG = """
[cosmic-ray]
module-path = {modules}
timeout = 120.0
excluded-modules = []
test-command = "{python} -m pytest -x -q -p no:cacheprovider {tests}"

[cosmic-ray.distributor]
name = "local"
"""


class Result(NamedTuple):
    """What became of one mutant."""

    module: str
    outcome: str
    diff: str


def main() -> None:
    """Test the mutants that the arguments ask for and print what became of them."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(arguments.jobs) as jobs:
        shares = [arguments.mutants // arguments.jobs] * arguments.jobs
        runs = [jobs.submit(_run, Path(folder) / str(job), arguments.seed + job, share) for job, share in enumerate(shares)]
        results = [result for run in runs for result in run.result()]
    _report(results)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutants", type=int, default=200, help="how many to test, drawn at random (default 200)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at once (default: one for each core)")
    parser.add_argument("--seed", type=int, default=0, help="another part of the mutants")
    return parser.parse_args()


def _run(copy: Path, seed: int, share: int) -> list[Result]:
    """Make a copy of the repository and test `share` mutants in it."""
    shutil.copytree(ROOT, copy, symlinks=True, ignore=NOT_COPIED)
    tests = " ".join(TESTS)
    (copy / "mutants.toml").write_text(CONFIG.format(modules=[*MODULES], python=sys.executable, tests=tests))
    environment = {**os.environ, "PYTHONPATH": f"{copy / 'src'}{os.pathsep}{copy}", "VOXPLAN_HYPOTHESIS": "quick"}
    _cosmic_ray(copy, environment, "init", "mutants.toml", "session.sqlite")
    _keep(copy / "session.sqlite", seed, share)
    _cosmic_ray(copy, environment, "exec", "mutants.toml", "session.sqlite")
    with closing(sqlite3.connect(copy / "session.sqlite")) as session:
        rows = session.execute(
            "SELECT module_path, test_outcome, worker_outcome, diff FROM mutation_specs JOIN work_results USING (job_id)"
        ).fetchall()
    return [Result(str(module), str(outcome or worker), str(diff)) for module, outcome, worker, diff in rows]


def _cosmic_ray(copy: Path, environment: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "-m", "cosmic_ray.cli", *arguments]
    subprocess.run(command, cwd=copy, env=environment, check=True, stdin=subprocess.DEVNULL)


def _keep(path: Path, seed: int, share: int) -> None:
    """Leave `share` of the mutants in the session, drawn at random."""
    with closing(sqlite3.connect(path)) as session:
        # The ids are random: sorted by what they stand for, so that a seed means the same mutants each time.
        order = "module_path, operator_name, occurrence, start_pos_row, start_pos_col"
        jobs = [str(job) for (job,) in session.execute(f"SELECT job_id FROM mutation_specs ORDER BY {order}")]  # noqa: S608
        kept = random.Random(seed).sample(jobs, min(share, len(jobs)))
        for table in ("mutation_specs", "work_items"):
            session.execute(f"DELETE FROM {table} WHERE job_id NOT IN ({','.join('?' * len(kept))})", kept)  # noqa: S608
        session.commit()
        print(f"{len(kept)} of {len(jobs)} mutants", flush=True)


def _report(results: list[Result]) -> None:
    survivors = [result for result in results if "SURVIVED" in result.outcome.upper()]
    killed = [result for result in results if "KILLED" in result.outcome.upper()]
    others = len(results) - len(survivors) - len(killed)
    for survivor in survivors:
        print(f"\nsurvived in {survivor.module}:\n{survivor.diff}")
    tested = len(killed) + len(survivors)
    print(f"\n{len(killed)} of {tested} mutants killed ({100 * len(killed) / max(1, tested):.0f} %), {others} could not run")


if __name__ == "__main__":
    main()
