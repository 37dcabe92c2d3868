from collections.abc import Awaitable, Callable
from typing import Final

import anyio
import anyio.lowlevel
import pytest
from msgspec.structs import replace
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from tests.virtual_time import BACKENDS, Backend, run_virtually
from voxplan.engine.language.gateway import Gateway
from voxplan.engine.terms.quantity import Span
from voxplan.io_shell.gateway.envelopes import Refused
from voxplan.io_shell.gateway.gate import Gate

LIMITS: Final = Gateway(in_flight=1, queue=2, queue_wait=Span(5_000))

each_loop = pytest.mark.parametrize("backend", BACKENDS)


class World:
    """A gate, requests that pass it, and who was served in which order."""

    def __init__(self, limits: Gateway = LIMITS) -> None:
        self.limits = limits
        self.gate = Gate(lambda: self.limits)
        self.served: list[str] = []
        self.refused: list[tuple[str, int | None]] = []
        self.left: list[str] = []

    async def request(self, name: str, seconds: float, receive: Receive | None = None) -> None:
        """One request, which takes so long once it is inside."""
        try:
            async with self.gate.passed(receive or silent):
                self.served.append(name)
                await anyio.sleep(seconds)
        except Refused as refused:
            self.refused.append((name, refused.problem.retry_after_ms))
        except ClientDisconnect:
            self.left.append(name)


async def silent() -> Message:
    """A client that has sent nothing yet, and stays."""
    await anyio.sleep_forever()
    raise AssertionError


def sending(*messages: Message) -> Receive:
    """A client that sends these, and nothing more."""
    left = list(messages)

    async def receive() -> Message:
        await anyio.lowlevel.checkpoint()
        return left.pop(0) if left else await silent()

    return receive


def body(data: bytes, *, more: bool = True) -> Message:
    """A part of a request."""
    return {"type": "http.request", "body": data, "more_body": more}


def lived(backend: Backend, life: Callable[[World], Awaitable[None]], limits: Gateway = LIMITS) -> World:
    """A world after this life."""
    world = World(limits)

    async def main() -> None:
        await life(world)

    run_virtually(backend, main)
    assert (world.gate.inside, world.gate.waiting) == (0, 0)
    return world


@each_loop
def test_first_come_first_served(backend: Backend) -> None:
    """Those that wait are let in in the order in which they came."""

    async def life(world: World) -> None:
        async with anyio.create_task_group() as tasks:
            for name in "abc":
                tasks.start_soon(world.request, name, 1)
                await anyio.sleep(0.1)

    assert lived(backend, life).served == ["a", "b", "c"]


@each_loop
def test_beyond_the_queue_nobody_waits(backend: Backend) -> None:
    """At once, with a wait of at least a second that grows with what is before it."""

    async def life(world: World) -> None:
        async with anyio.create_task_group() as tasks:
            for name in "abcd":
                tasks.start_soon(world.request, name, 2)
                await anyio.sleep(0.1)
            assert [name for name, _ in world.refused] == ["d"]

    world = lived(backend, life)
    assert world.served == ["a", "b", "c"]
    assert world.refused[0][1] == 15_000  # three rounds of the five seconds that are guessed before anything is known


@each_loop
def test_nobody_waits_longer_than_the_spec_says(backend: Backend) -> None:
    """Then it is refused, and its place is free."""

    async def life(world: World) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(world.request, "a", 30)
            await anyio.sleep(0.1)
            begun = anyio.current_time()
            await world.request("b", 1)
            assert anyio.current_time() - begun == pytest.approx(5)
            assert world.gate.waiting == 0

    assert lived(backend, life).served == ["a"]


@each_loop
def test_a_client_that_leaves_is_out_of_the_queue(backend: Backend) -> None:
    """Its place is another one's."""

    async def life(world: World) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(world.request, "a", 3)
            await anyio.sleep(0.1)
            await world.request("b", 1, sending(body(b"x", more=False), {"type": "http.disconnect"}))
            assert world.gate.waiting == 0

    world = lived(backend, life)
    assert (world.served, world.left) == (["a"], ["b"])


@each_loop
def test_what_was_read_meanwhile_is_read_again(backend: Backend) -> None:
    """In its order, and before the rest."""

    async def life(world: World) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(world.request, "a", 1)
            await anyio.sleep(0.1)
            parts = [body(b"1" * 40_000), body(b"2" * 40_000), body(b"3", more=False)]
            async with world.gate.passed(sending(*parts)) as receive:
                assert [await receive() for _ in parts] == parts

    lived(backend, life)


@each_loop
def test_what_goes_wrong_meanwhile_is_told_when_it_is_read(backend: Backend) -> None:
    """A client that is too slow is refused as such, and not because of the queue."""

    async def slow() -> Message:
        await anyio.sleep(0.2)
        raise ValueError("too slow")

    async def life(world: World) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(world.request, "a", 1)
            await anyio.sleep(0.1)
            async with world.gate.passed(slow) as receive:
                with pytest.raises(ValueError, match="too slow"):
                    await receive()

    lived(backend, life)


@each_loop
def test_new_limits_hold_at_once(backend: Backend) -> None:
    """Those that wait are let in as soon as there is room for them."""

    async def life(world: World) -> None:
        async with anyio.create_task_group() as tasks:
            for name in "abc":
                tasks.start_soon(world.request, name, 4)
                await anyio.sleep(0.1)
            world.limits = replace(LIMITS, in_flight=3)
            world.gate.look()
            await anyio.sleep(0.1)
            assert sorted(world.served) == ["a", "b", "c"]  # of two that are let in together either may run first

    lived(backend, life)


@each_loop
def test_a_turn_that_nobody_takes_is_the_next_one_s(backend: Backend) -> None:
    """A request that is cancelled in the moment in which it is called leaves no gap."""

    async def life(world: World) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(world.request, "a", 1)
            await anyio.sleep(0.1)
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as doomed:
                    doomed.start_soon(world.request, "b", 1)
                    await anyio.sleep(0.1)
                    tasks.start_soon(world.request, "c", 1)
                    await anyio.sleep(0.1)
                    world.limits = replace(LIMITS, in_flight=2)
                    world.gate.look()
                    scope.cancel()

    assert lived(backend, life).served == ["a", "c"]
