"""The same without async: one event loop in a thread of its own, which works inside and outside a running loop.

    with voxplan.open_sync("specs/first.yaml") as vox:
        print(vox.transcribe("talk.mp3"))

Nothing is done twice here: every call is handed to the async face.
"""

from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeVar, Unpack

import anyio.lowlevel
from anyio.from_thread import BlockingPortal, start_blocking_portal

from voxplan.adapters.rendering.events import Event
from voxplan.engine.observed.view import View
from voxplan.engine.plans.plan import Plan
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.request import Request
from voxplan.io_shell import client
from voxplan.io_shell.answer import Answer
from voxplan.io_shell.audio.source import AudioInput
from voxplan.io_shell.judging import Guardrails
from voxplan.io_shell.loading import SpecSource
from voxplan.io_shell.options import TranscribeOptions
from voxplan.io_shell.running import Observer
from voxplan.io_shell.transcript_stream import TranscriptStream

__all__ = ("SyncStream", "SyncVox", "open_sync")

T = TypeVar("T")


@contextmanager
def open_sync(
    spec: SpecSource = None,
    *,
    environment: Mapping[str, str] | None = None,
    observers: Sequence[Observer] = (),
    guardrails: Guardrails | None = None,
) -> Generator["SyncVox", None, None]:
    """`voxplan.open` for code without async. The event loop lives in a thread for as long as the `with`."""
    with start_blocking_portal() as portal:
        opened = client.open(spec, environment=environment, observers=observers, guardrails=guardrails)
        with portal.wrap_async_context_manager(opened) as vox:
            yield SyncVox(portal, vox)


class SyncVox:
    """An opened spec whose methods wait. Safe to use from several threads at once."""

    def __init__(self, portal: BlockingPortal, vox: client.Vox) -> None:
        """Made by `open_sync`."""
        self._portal = portal
        self._vox = vox

    @property
    def router(self) -> Router:
        """The compiled spec."""
        return self._vox.router

    @property
    def view(self) -> View:
        """What has been observed of every deployment."""
        return self._vox.view

    def plan(self, request: Request, *, seed: int | None = None) -> Plan:
        """See `Vox.plan`."""
        return self._portal.call(partial(self._vox.plan, request, seed=seed))

    def transcribe(self, audio: AudioInput, **options: Unpack[TranscribeOptions]) -> Answer:
        """See `Vox.transcribe`, whose options these are."""
        return _wait(self._portal, partial(self._vox.transcribe, audio, **options))

    @contextmanager
    def stream(self, audio: AudioInput, **options: Unpack[TranscribeOptions]) -> Generator["SyncStream", None, None]:
        """See `Vox.stream`: events to iterate over as they come, then `answer`."""
        with self._portal.wrap_async_context_manager(self._vox.stream(audio, **options)) as stream:
            yield SyncStream(self._portal, stream)


class SyncStream:
    """The events of one transcription, in order; `answer` is there after the last one."""

    def __init__(self, portal: BlockingPortal, stream: TranscriptStream) -> None:
        """Made by `SyncVox.stream`."""
        self._portal = portal
        self._stream = stream

    @property
    def answer(self) -> Answer:
        """The whole answer, once the events are over."""
        return self._stream.answer

    def __iter__(self) -> Iterator[Event]:
        """The events that are still to come."""
        while (event := _wait(self._portal, partial(anext, self._stream, None))) is not None:
            yield event


def _wait(portal: BlockingPortal, call: Callable[[], Awaitable[T]]) -> T:
    """What the call returns; an interrupt in the waiting thread stops it, and is raised when it has stopped."""
    future = portal.start_task_soon(call)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        # The portal runs tasks in order of the loop: when this one has had its turn, the cancelled one has been told.
        portal.call(anyio.lowlevel.checkpoint)
        raise
