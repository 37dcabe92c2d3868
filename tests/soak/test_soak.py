"""The long runs, in short: `make soak`, `make fuzz` and `make memory` are the same for as long as one likes."""

import asyncio
from pathlib import Path

import pytest

from tests.conformance.kit import STANDS
from tests.conformance.socket_server import closed_port
from tests.conformance.stands import KEY_NAME
from tests.soak import bodies, load, memory
from tests.soak.process import serving

pytestmark = pytest.mark.slow

KEY = "sk-soak-0123456789abcdef"


def test_mutated_bodies_are_refused_in_order(tmp_path: Path) -> None:
    """No 500, no hang, nothing in the log."""
    with STANDS["openai"].server() as upstream, bodies.served(upstream, tmp_path) as process:
        _, odd = asyncio.run(bodies.run(process, range(10**6, 10**6 + 1000)))
    assert odd == []
    assert (tmp_path / "log").read_text() == ""


def test_mixed_load_leaves_nothing_behind(tmp_path: Path) -> None:
    """Faults on both sides: each request is answered or refused in order, and what was held is free again."""
    with load.served(tmp_path) as (process, ports):
        report = asyncio.run(load.loaded(process, ports, seconds=12, seed=1))
    assert report.wrong == []


def test_uploads_need_little_memory(tmp_path: Path) -> None:
    """Sixteen of 12 MB at once: far less than they have together."""
    port = closed_port()
    (tmp_path / "spec.yaml").write_text(memory.spec_text(port))
    with serving(tmp_path / "spec.yaml", KEY, {KEY_NAME: "k"}, tmp_path / "log") as process:
        found = asyncio.run(memory.measured(process, port, uploads=16, size=12_000_000))
    assert found.statuses == {200: 16}
    assert found.more_kb < 60_000
