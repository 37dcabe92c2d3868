"""A transcription whose text is there as it comes: the run goes on in a task of its own, and what it tells is waited for here.

Whether the deployment streamed or not, the events are the same: text as it comes, segments where the provider sends them, and the
whole transcript at the end. Where nothing was released before the end (nobody streams, or a guardrail has to see all of it
first), the events are made from the transcript that was approved.
"""

import math
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from voxplan.adapters.rendering.events import Delta, Done, Event, Roll, emulated
from voxplan.adapters.wire import Tell
from voxplan.engine.terms.request import Options
from voxplan.io_shell.answer import Answer
from voxplan.io_shell.errors import VoxplanError
from voxplan.io_shell.grouping import task_group
from voxplan.io_shell.relaying import Relay

__all__ = ("TranscriptStream", "streamed")

_Run = Callable[[Relay], Awaitable[Answer]]


class TranscriptStream:
    """The events of one transcription, in order; `answer` is there after the last one."""

    def __init__(self, events: MemoryObjectReceiveStream[Event]) -> None:
        """Made by `Vox.stream`."""
        self._events = events
        self._answer: Answer | None = None
        self._problem: VoxplanError | None = None

    @property
    def answer(self) -> Answer:
        """The whole answer, once the events are over."""
        if self._answer is None:
            raise RuntimeError("the transcription is not over: read its events to their end first")
        return self._answer

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        try:
            return await self._events.receive()
        except anyio.EndOfStream:
            if self._problem is not None:
                raise self._problem from None
            raise StopAsyncIteration from None

    async def run(self, run: _Run, options: Options, into: MemoryObjectSendStream[Event]) -> None:
        """Carry out the run, and say all that comes of it."""
        saying = _Saying(into)
        relay = Relay(saying.text)
        with into:
            try:
                answer = await run(relay)
            except VoxplanError as problem:
                self._problem = problem
                return
            self._answer = answer
            if relay.released is None:
                for event in emulated(answer.transcript, options):
                    saying.event(event)
            else:
                saying.event(Done(transcript=answer.transcript))


class _Saying:
    """Turns what is told into events. There is room for all: text is small beside the audio that it comes from."""

    def __init__(self, into: MemoryObjectSendStream[Event]) -> None:
        self._into = into
        self._roll = Roll()
        self._begun = False

    def text(self, text: Tell) -> None:
        """Say what a call tells. Segments are numbered as they come; a text begins with its first letter, as transcripts do."""
        if text.segment is None:
            delta = text.delta if self._begun else text.delta.lstrip()
            if delta:
                self._begun = True
                self.event(Delta(text=delta, logprobs=text.logprobs))
        else:
            event, self._roll = self._roll.called(text.segment)
            self.event(event)

    def event(self, event: Event) -> None:
        """Say an event."""
        self._into.send_nowait(event)


@asynccontextmanager
async def streamed(run: _Run, options: Options) -> AsyncGenerator[TranscriptStream]:
    """The stream of one run, which is cancelled when the context is left before its end."""
    into, out_of = anyio.create_memory_object_stream[Event](math.inf)
    stream = TranscriptStream(out_of)
    with out_of:
        async with task_group() as tasks:
            tasks.start_soon(stream.run, run, options, into)
            try:
                yield stream
            finally:
                tasks.cancel_scope.cancel()
