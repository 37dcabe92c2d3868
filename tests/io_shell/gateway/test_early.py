"""What can be foretold of a form whose file has begun, and what becomes of a run that starts then."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from itertools import pairwise
from typing import Final

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from tests.virtual_time import BACKENDS, Backend, run_virtually
from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.gateway.early import Early, serve_early
from voxplan.io_shell.gateway.fields import Asked
from voxplan.io_shell.gateway.forms import FormLimits, FormProblem, FormReader

TYPE: Final = "multipart/form-data; boundary=B"
LIMITS: Final = FormLimits(file_bytes=1 << 20, memory_bytes=1 << 14)
LEAST: Final = 4096
MODEL: Final = b'--B\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper\r\n'
END: Final = b"\r\n--B--\r\n"


def file(data: bytes) -> bytes:
    """The file, without what ends it."""
    return b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.flac"\r\n\r\n' + data


# Like boundaries, so that the parser has to look again.
LIKE: Final = st.lists(st.sampled_from([b"\r\n--", b"\r\n--B", b"\r\n--Bx", b"\r", b"\n", b"--B--", b"audio" * 200]), max_size=60)
AUDIO: Final = LIKE.map(lambda pieces: b"".join(pieces).replace(b"\r\n--B", b"\r\n--C"))

Told = tuple[int | None, bytes, tuple[tuple[str, str], ...]]
"""What was foretold of the size, what the audio was in the end, and the fields."""


def cut(body: bytes, places: Sequence[int]) -> list[bytes]:
    """`body` in pieces that end at `places`."""
    borders = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    return [body[one:other] for one, other in pairwise(borders)]


def told(pieces: Sequence[bytes], length: int | None, limits: FormLimits = LIMITS) -> Told:
    """A form that comes in these pieces."""

    async def stream() -> AsyncGenerator[bytes]:
        for piece in pieces:
            await anyio.lowlevel.checkpoint()
            yield piece

    async def run() -> Told:
        async with FormReader(stream(), TYPE, limits, length) as reader:
            begun = await reader.begin()
            form = await reader.rest()
            assert form.upload is not None
            data = b"".join([chunk async for chunk in form.upload.source.chunks()])
            if begun is not None and begun.audio.size == len(data):
                begun.store.complete()
                assert b"".join([chunk async for chunk in begun.audio.chunks(1000)]) == data
                assert begun.fields == form.fields
                assert await begun.audio.head() == data[:LEAST]
            return (None if begun is None else begun.audio.size), data, form.fields

    return anyio.run(run)


@given(AUDIO, st.lists(st.integers(0, 1 << 16), max_size=8), st.sampled_from([b"", b"\r\n"]))
def test_the_size_is_that_of_the_file_however_the_form_is_cut(data: bytes, places: list[int], before: bytes) -> None:
    """Whenever one is foretold at all: always, when enough comes before the rest."""
    body = before + MODEL + file(data) + END
    size, found, fields = told(cut(body, places), len(body))
    assert (found, fields) == (data, (("model", "whisper"),))
    assert size in {None, len(data)}


@pytest.mark.parametrize("size", [LEAST + 1000, 100_000, 1 << 20])
def test_enough_is_enough(size: int) -> None:
    """The head of the file, and the length of the body."""
    body = MODEL + file(bytes(size)) + END
    pieces = cut(body, [len(MODEL), len(MODEL) + 200 + LEAST])
    assert told(pieces, len(body))[0] == size
    assert told(pieces, None)[0] is None


def test_what_comes_at_once_or_is_too_much_is_not_foretold() -> None:
    """There is nothing to be early for; and a file over the limit is no file."""
    body = MODEL + file(bytes(9000)) + END
    assert told([body], len(body))[0] is None
    with pytest.raises(FormProblem):
        told(cut(body, [6000]), len(body), FormLimits(file_bytes=8000))


def test_what_is_foretold_can_be_wrong() -> None:
    """A field after the file, another way to end: whoever acts on the size has to look again at the end."""
    body = file(bytes(9000)) + b"\r\n" + MODEL + b"--B--\r\n"
    size, data, fields = told(cut(body, [6000]), len(body))
    assert (len(data), fields) == (9000, (("model", "whisper"),))
    assert size is not None
    assert size > 9000


AT: Final = MODEL + file(bytes(5000))
AFTER: Final = bytes(5000) + END
BODY: Final = AT + AFTER
SERVED: Final = "served"

Client = list[tuple[float, bytes]]
"""Pieces of a form, each after so many seconds; an empty one is a client that leaves."""


async def forever() -> Message:
    """A client that stays."""
    await anyio.sleep_forever()
    raise AssertionError("for ever is over")


async def leaving() -> Message:
    """A client that leaves a second after the form."""
    await anyio.sleep(1)
    return {"type": "http.disconnect"}


class Serving:
    """Answers after so many seconds, or fails then; what became of it."""

    def __init__(self, takes_s: float = 0.0, fault: Exception | None = None) -> None:
        self.ended = ""
        self.begun = 0
        self._takes_s = takes_s
        self._fault = fault

    async def serve(self, audio: AudioSource, asked: Asked, ready: Callable[[], Awaitable[None]]) -> None:
        """Work, and answer when that may be."""
        assert asked.model == "whisper"
        assert audio.size
        self.begun += 1
        try:
            await anyio.sleep(self._takes_s)
            if self._fault is not None:
                raise self._fault
            await ready()
            self.ended = SERVED
        finally:
            self.ended = self.ended or "stopped"


def outcome(
    backend: Backend,
    client: Client,
    serving: Serving,
    *,
    length: int = len(BODY),
    receive: Receive = forever,
    patience_s: float = 50,
) -> bool:
    """Whether the request was served while this client sent its form; else it is still to be served. Raises what is raised."""

    async def stream() -> AsyncGenerator[bytes]:
        for pause_s, piece in client:
            if pause_s:  # else it is there already, and nobody gets a turn before it is read
                await anyio.sleep(pause_s)
            if not piece:
                raise ClientDisconnect
            yield piece

    async def run() -> bool | Exception:
        async with FormReader(stream(), TYPE, FormLimits(), length) as reader:
            begun = await reader.begin()
            assert begun is not None
            early = Early(begun, Asked(model="whisper", options={}), patience_s)
            try:
                return await serve_early(early, reader, receive, serving.serve) is None
            except Exception as problem:  # noqa: BLE001 - looked at outside of the event loop
                return problem

    ended = run_virtually(backend, run)
    if isinstance(ended, Exception):
        raise ended
    return ended


backends = pytest.mark.parametrize("backend", BACKENDS)
STEADY: Final = [(0.0, AT), (4.0, AFTER)]
THERE: Final = [(0.0, AT), (0.0, AFTER)]


@backends
@pytest.mark.parametrize("takes_s", [0, 2, 100])
@pytest.mark.parametrize("client", [STEADY, THERE], ids=["steady", "there already"])
def test_what_is_foretold_is_served(backend: Backend, client: Client, takes_s: float) -> None:
    """Whether the answer is there before the form has ended or long after it, and once."""
    serving = Serving(takes_s)
    assert outcome(backend, client, serving)
    assert (serving.ended, serving.begun) == (SERVED, 1)


@backends
@pytest.mark.parametrize(
    ("client", "patience_s"),
    [([(0.0, AT), (5.5, AFTER)], 50), ([(0.0, AT), (2.0, AFTER[:9]), (2.0, AFTER[9:])], 3)],
    ids=["a pause", "slower than the run has time"],
)
def test_a_slow_client_ends_the_early_run_and_no_more(backend: Backend, client: Client, patience_s: float) -> None:
    """The request is still to be served."""
    serving = Serving(100)
    assert not outcome(backend, client, serving, patience_s=patience_s)
    assert serving.ended == "stopped"


@backends
@pytest.mark.parametrize("fault", [None, RuntimeError("nothing worked")])
def test_a_form_that_ends_otherwise_is_still_to_be_served(backend: Backend, fault: Exception | None) -> None:
    """Whatever the early run came to."""
    serving = Serving(1, fault)
    assert not outcome(backend, STEADY, serving, length=len(BODY) + 2)
    assert serving.ended == "stopped"


@backends
def test_a_fault_of_the_run_is_raised_once_the_form_has_ended(backend: Backend) -> None:
    """It had everything."""
    with pytest.raises(RuntimeError, match="nothing worked"):
        outcome(backend, STEADY, Serving(100, RuntimeError("nothing worked")))


@backends
def test_what_failed_while_the_form_came_is_not_final(backend: Backend) -> None:
    """It may have been the client's slowness: the request is still to be served."""
    serving = Serving(1, RuntimeError("nothing worked"))
    assert not outcome(backend, STEADY, serving)
    assert serving.ended == "stopped"


@backends
def test_a_client_that_leaves_ends_the_run(backend: Backend) -> None:
    """In the upload, and after it."""
    for client, receive in (([(0.0, AT), (1.0, b"")], forever), (STEADY, leaving)):
        serving = Serving(100)
        with pytest.raises(ClientDisconnect):
            outcome(backend, client, serving, receive=receive)
        assert serving.ended == "stopped"


@backends
def test_a_form_that_goes_wrong_ends_the_run(backend: Backend) -> None:
    """With the problem of the form."""
    serving = Serving(100)
    with pytest.raises(FormProblem):
        outcome(backend, [(0.0, AT), (1.0, AFTER[:-9])], serving)
    assert serving.ended == "stopped"
