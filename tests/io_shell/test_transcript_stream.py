import anyio
import pytest

from tests.making import planned, use
from voxplan.adapters.rendering.events import Delta, Done, Event, SegmentEvent
from voxplan.adapters.wire import Tell
from voxplan.engine.runs.run import Release
from voxplan.engine.terms.request import Options
from voxplan.engine.terms.transcript import Segment, Transcript
from voxplan.io_shell.answer import Answer
from voxplan.io_shell.errors import ProviderError
from voxplan.io_shell.relaying import Relay
from voxplan.io_shell.running import Happened
from voxplan.io_shell.transcript_stream import streamed

pytestmark = pytest.mark.anyio

STREAMING = Options(stream=True)
RELEASED = Happened(moment_ms=0, what=Release(attempt=1))


def answer(text: str) -> Answer:
    """An answer that says `text`."""
    return Answer(
        transcript=Transcript(text=text),
        served_by="a",
        attempts=(),
        skipped=(),
        plan=planned(use("a"), "a"),
        seed=1,
        moment_ms=0,
    )


async def live(relay: Relay) -> Answer:
    """A call that streams: released after its first word."""
    relay.tell(1, Tell(delta=" "))
    relay.tell(1, Tell(delta="to "))
    relay.observe(RELEASED)
    relay.tell(1, Tell(delta="be"))
    relay.tell(1, Tell(segment=Segment(text="to be", start=0.0, end=1.0, speaker="1")))
    return answer("to be")


async def whole(relay: Relay) -> Answer:
    """A call that streams although nothing may leave before its end: a guardrail has changed the text."""
    relay.tell(1, Tell(delta="secret"))
    return answer("******")


async def broken(relay: Relay) -> Answer:
    """A call that fails after its first word has left."""
    relay.tell(1, Tell(delta="to "))
    relay.observe(RELEASED)
    raise ProviderError("the provider broke off", kind="server_error", attempts=(), plan=None)


async def test_text_is_there_as_it_comes() -> None:
    """Deltas and segments in their order, then the whole; the answer is there after the last event."""
    async with streamed(live, STREAMING) as stream:
        with pytest.raises(RuntimeError, match="not over"):
            _ = stream.answer
        events = [event async for event in stream]
        said = stream.answer
    assert events == [
        Delta(text="to "),
        Delta(text="be"),
        SegmentEvent(segment=Segment(text="to be", start=0.0, end=1.0, speaker="A"), id="seg_0"),
        Done(transcript=said.transcript),
    ]


async def test_what_was_not_released_is_never_said() -> None:
    """The events are made from what was approved."""
    async with streamed(whole, STREAMING) as stream:
        events = [event async for event in stream]
    assert events == [Delta(text="******"), Done(transcript=Transcript(text="******"))]


async def test_a_failure_is_raised_as_itself() -> None:
    """Inside the loop, after what has left; in no group of exceptions."""
    events: list[Event] = []

    async def read() -> None:
        async with streamed(broken, STREAMING) as stream:
            async for event in stream:
                events.append(event)  # noqa: PERF401 - what came before the failure counts

    with pytest.raises(ProviderError, match="broke off"):
        await read()
    assert events == [Delta(text="to ")]


async def test_whoever_leaves_ends_the_run() -> None:
    """It is cancelled where it stands; nothing goes on behind the caller's back."""
    cancelled = anyio.Event()

    async def endless(relay: Relay) -> Answer:
        relay.tell(1, Tell(delta="to "))
        relay.observe(RELEASED)
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.set()
        raise AssertionError("it went on")

    async with streamed(endless, STREAMING) as stream:
        assert await anext(aiter(stream)) == Delta(text="to ")
    assert cancelled.is_set()


async def test_what_the_caller_raises_stays_as_it_is() -> None:
    """Here too in no group."""

    async def read() -> None:
        async with streamed(live, STREAMING) as stream:
            async for _ in stream:
                raise KeyError("mine")

    with pytest.raises(KeyError):
        await read()
