"""What all tests share: how many cases hypothesis tries, both event loops, a clean environment, and optional recordings.

Recordings that are too large for the repository may lie beside it, in `../shared` or where VOXPLAN_SHARED points. Tests use
what is there (`shared_clip`, `shared_body`: one test a file) and pass without.
"""

import gc
import os
import re
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("VOXPLAN_SHARED") or ROOT.parent / "shared")

# How wide a terminal is must not matter; workers of pytest-xdist are told a width.
for _name in ("COLUMNS", "LINES"):
    os.environ.pop(_name, None)

# Read by type checkers; tests/package runs them there.
collect_ignore = ["typing"]

# No deadline anywhere: how long a case takes says more about the machine than about the code.
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("quick", max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
# INVARIANT: in CI the same commit tries the same cases, so that a red run is the fault of the change at hand; new cases are
# looked for at every desk (dev) and by `make thorough`.
settings.register_profile("ci", max_examples=50, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", max_examples=3000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("VOXPLAN_HYPOTHESIS") or "dev")

_PROVIDER_SETTING = re.compile(r"\w+_(API_KEY|API_BASE|BASE_URL)")
_ONE_TEST_A_FILE = (
    ("shared_clip", "audio", {".flac", ".wav"}),
    ("shared_body", "fixtures", {".json", ".sse", ".txt"}),
)
# Everything in these folders is `unmeasured`.
_UNMEASURED = frozenset({ROOT / "tests" / "laws"})

# pytest keeps the name of the running test there.
_CHANGES_BY_ITSELF = frozenset({"PYTEST_CURRENT_TEST"})


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector from looking at what collection makes.

    Thousands of tests, and the modules that they are in, live to the end. The collector would go through all of them again and
    again: during collection for most of its time, and then whenever a test makes much that lasts.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what is in a folder of `_UNMEASURED`."""
    if item.path.parent in _UNMEASURED:
        item.add_marker("unmeasured")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Count no lines during tests that are `unmeasured`: they take twice as long when somebody counts.

    Which lines the suite reaches, the tests of each module have to show; tests that try thousands of cases, or every pair, go
    through the same ones again and again. pytest-cov's own `no_cover` has no effect in a worker of pytest-xdist: coverage's
    patch for subprocesses measures it as well, and goes on.
    """
    if item.get_closest_marker("unmeasured") is None:
        return (yield)
    tracing = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracing)


@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """The event loop of an async test: each runs on both."""
    return str(request.param)


@pytest.fixture(scope="session", autouse=True)
def _no_provider_settings() -> Iterator[None]:
    """No test may reach a real account, or pass only for somebody who has one."""
    with pytest.MonkeyPatch.context() as patch:
        for name in filter(_PROVIDER_SETTING.fullmatch, list(os.environ)):
            patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def _environment_is_left_alone() -> Iterator[None]:
    """A test that sets a variable takes it back (`monkeypatch` does)."""
    before = dict(os.environ)
    yield
    # Names only: a failure must not print the values of somebody's environment.
    changed = {name for name, _ in before.items() ^ os.environ.items()}
    assert changed - _CHANGES_BY_ITSELF == set()


@pytest.fixture(scope="session")
def shared_audio() -> Path:
    """The folder of real recordings."""
    return _shared("audio")


@pytest.fixture(scope="session")
def shared_fixtures() -> Path:
    """The folder of recorded provider answers."""
    return _shared("fixtures")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`shared_clip`: once for each recording there is; `shared_body`: once for each recorded answer."""
    for argument, folder, suffixes in _ONE_TEST_A_FILE:
        if argument in metafunc.fixturenames:
            # `x.meta.json` tells where `x` was recorded.
            found = (path for path in (SHARED / folder).rglob("*") if ".meta" not in path.suffixes)
            files = sorted(path for path in found if path.suffix in suffixes)
            metafunc.parametrize(argument, files, ids=[str(path.relative_to(SHARED / folder)) for path in files])


def _shared(folder: str) -> Path:
    if not (SHARED / folder).is_dir():
        pytest.skip(f"no {folder} beside the repository (VOXPLAN_SHARED)")
    return SHARED / folder
