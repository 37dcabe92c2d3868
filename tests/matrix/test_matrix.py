"""No option is lost on the way to any provider: it reaches it, is emulated, or is refused with the reason."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.conformance.kit import STANDS
from tests.conformance.socket_server import SocketServer
from tests.matrix.table import PAGE, Row, page, row
from voxplan.adapters.catalog import CATALOG

MODELS = [(name, model) for name, stand in STANDS.items() for model in (stand.model, *stand.others)]


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, Row]]:
    """The rows that have been asked for so far, by provider and model."""
    return {name: {} for name in STANDS}


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, SocketServer]]:
    """One for each provider."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(stand.server()) for name, stand in STANDS.items()}


@pytest.fixture
def anyio_backend() -> str:
    """One is enough: what is asked here is the adapters, which know neither."""
    return "asyncio"


@pytest.mark.anyio
@pytest.mark.parametrize(("provider", "model"), MODELS)
async def test_nothing_asked_for_is_lost(
    provider: str,
    model: str,
    servers: dict[str, SocketServer],
    found: dict[str, dict[str, Row]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each option and each format by itself; `row` fails where one is dropped without a word (law C2)."""
    monkeypatch.setattr("voxplan.io_shell.meeting.sleep", _at_once)
    found[provider][model] = await row(STANDS[provider], model, servers[provider])
    assert all(became for became in found[provider][model].values())


def test_the_page_is_what_was_found(found: dict[str, dict[str, Row]]) -> None:
    """`python -m tests.matrix.table` writes it."""
    if sum(map(len, found.values())) < len(MODELS):
        pytest.skip("not all models were asked")
    assert PAGE.read_text(encoding="utf-8") == page(found)


def test_every_provider_of_the_catalogue_has_a_stand() -> None:
    """But the recogniser of this machine, which speaks to nobody."""
    assert {*STANDS, "local"} == {*CATALOG}


async def _at_once(_: float) -> None:
    """Jobs of the kit need no time."""
