"""The one place that sends bytes: an HTTP exchange as data in, its answer or its failure as data out.

It adds the secret where the adapter left a hole, streams the audio into the body, reads the answer up to a cap, and names
every way in which that can fail. It never retries, never follows a redirect, never decides what an answer means. Time is the
caller's: a cancel scope around `send` covers upload, answer and decoding; the timeouts here are backstops.

The secret appears in the header and nowhere else. It is taken out of the headers and the body of every answer before anyone
reads them, because servers echo keys in their complaints.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, NamedTuple, Protocol

import anyio
import httpx
from returns.result import Failure, Success
from typing_extensions import override

from voxplan.adapters.refusals.scrubbing import REMOVED, scrubbed
from voxplan.adapters.wire import Header, HttpRequest, HttpResponse, Secret, Streaming
from voxplan.engine.terms.failure import AttemptFailure, Certainty, FailureKind
from voxplan.io_shell.bodies import AudioChanged, AudioSource, body_of
from voxplan.io_shell.keyless import Keyless
from voxplan.io_shell.streaming import EventStream

__all__ = ("MAX_BODY_BYTES", "MISHAPS", "AudioSource", "HttpxTransport", "Mishap", "Opened", "Transport", "new_client")

MAX_BODY_BYTES: Final = 64 * 1024 * 1024
"""An answer is cut off here: a day of speech with a time for each word is a fifth of this."""

# connect: as openai-python allows (5 s), doubled for TLS through a proxy. write: 64 KiB that nobody takes for two minutes.
# read: longer than any attempt is given. pool: our own limit, so that waiting for it is soon given up.
_TIMEOUT: Final = httpx.Timeout(connect=10.0, write=120.0, read=14_400.0, pool=10.0)
_LIMITS: Final = httpx.Limits(max_connections=512, max_keepalive_connections=64, keepalive_expiry=30.0)

# Uncompressed: an answer is small beside its audio, and what cannot be inflated cannot fill the memory.
_ALWAYS: Final = (("user-agent", "voxplan"), ("accept-encoding", "identity"))

_CLOSING_S: Final = 2.0
_SUCCESSES: Final = range(200, 300)


Opened = Success[HttpResponse | EventStream] | Failure[AttemptFailure]


class Transport(Protocol):
    """Carries one exchange out; everything foreseeable that goes wrong is a Failure."""

    async def send(
        self, request: HttpRequest, audio: AudioSource, secret: str | None
    ) -> Success[HttpResponse] | Failure[AttemptFailure]:
        """Send `request` with `audio` in its hole and `secret` in its header, and read the whole answer."""
        ...

    def open(self, request: HttpRequest, audio: AudioSource, secret: str | None) -> AbstractAsyncContextManager[Opened]:
        """The same, but a success that is a stream of events stays open for as long as the context lasts."""
        ...


class Mishap(NamedTuple):
    """What an exception of httpx means: its kind, whether the audio left and may be billed, and the sentence for people.

    `quoted`: the exception's own text follows the sentence. Not where it can repeat a header.
    """

    kind: FailureKind
    sent: Certainty
    charged: Certainty
    meaning: str
    quoted: bool = False


_UNCONNECTED: Final = Mishap("not_connected", "no", "no", "no connection", quoted=True)
_BROKEN: Final = Mishap("server_error", "maybe", "maybe", "the connection broke", quoted=True)
_LATE: Final = Mishap("timed_out", "maybe", "maybe", "no progress for too long")
_OURS: Final = Mishap("adapter_bug", "maybe", "maybe", "the transport was misused")

# An exception means what the nearest of its classes here means. Base classes are listed for what httpx may add to them.
MISHAPS: Final[dict[type[Exception], Mishap]] = {
    httpx.ConnectError: _UNCONNECTED,
    httpx.ConnectTimeout: Mishap("not_connected", "no", "no", "no connection in time"),
    httpx.ProxyError: Mishap("not_connected", "no", "no", "the proxy refused", quoted=True),
    # Our own limit, not the provider's: it must not look like an overloaded upstream.
    httpx.PoolTimeout: Mishap("not_connected", "no", "no", "all of this process's connections were busy"),
    httpx.ReadTimeout: Mishap("timed_out", "yes", "maybe", "no answer for too long"),
    httpx.WriteTimeout: _LATE,
    httpx.TimeoutException: _LATE,
    httpx.ReadError: _BROKEN,
    httpx.WriteError: _BROKEN,
    httpx.CloseError: _BROKEN,
    httpx.NetworkError: _BROKEN,
    httpx.RemoteProtocolError: Mishap("server_error", "maybe", "maybe", "the answer was no HTTP", quoted=True),
    httpx.DecodingError: Mishap("bad_answer", "yes", "maybe", "the answer's compression is broken"),
    httpx.TooManyRedirects: Mishap("not_found", "yes", "no", "redirected"),
    # A base_url that cannot be one: the operator has to be told, loudly.
    httpx.UnsupportedProtocol: Mishap("not_found", "no", "no", "the address is no http or https address"),
    httpx.InvalidURL: Mishap("not_found", "no", "no", "the address cannot be read"),
    httpx.LocalProtocolError: Mishap("adapter_bug", "maybe", "maybe", "the request was no valid HTTP"),
    httpx.ProtocolError: _OURS,
    httpx.CookieConflict: _OURS,
    httpx.HTTPStatusError: _OURS,
    httpx.StreamError: _OURS,
    httpx.StreamConsumed: _OURS,
    httpx.StreamClosed: _OURS,
    httpx.RequestNotRead: _OURS,
    httpx.ResponseNotRead: _OURS,
    httpx.TransportError: _BROKEN,
    httpx.RequestError: _BROKEN,
    httpx.HTTPError: _BROKEN,
    # What httpx lets through from the socket, above all ssl.SSLError. The audio's own OSErrors are told apart (AudioChanged).
    OSError: _BROKEN,
}

_RAISED: Final = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpx.CookieConflict, OSError)


def new_client(*, trust_env: bool = True) -> httpx.AsyncClient:
    """A client for `HttpxTransport`, to be entered with `async with`; `trust_env` lets it find proxies in the environment."""
    return httpx.AsyncClient(
        timeout=_TIMEOUT,
        limits=_LIMITS,
        trust_env=trust_env,
        follow_redirects=False,
        # Nothing is remembered from one exchange to the next; providers' front ends do set cookies.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


class HttpxTransport:
    """`Transport` on an httpx client, which whoever opened it closes. Works on asyncio and on trio."""

    def __init__(self, client: httpx.AsyncClient, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        self._client = client
        self._max_body_bytes = max_body_bytes

    async def send(
        self, request: HttpRequest, audio: AudioSource, secret: str | None
    ) -> Success[HttpResponse] | Failure[AttemptFailure]:
        """Send `request` once. The audio is read anew from its beginning."""
        async with self._opened(request, audio, secret, streams=False) as opened:
            match opened:
                case Success(HttpResponse() as response):
                    return Success(response)
                case Failure():
                    return opened
                case _:
                    raise RuntimeError("a stream was opened that nobody reads")

    def open(self, request: HttpRequest, audio: AudioSource, secret: str | None) -> AbstractAsyncContextManager[Opened]:
        """Send `request` once; a success that is a stream of events stays open for as long as the context lasts."""
        return self._opened(request, audio, secret, streams=True)

    @asynccontextmanager
    async def _opened(
        self, request: HttpRequest, audio: AudioSource, secret: str | None, *, streams: bool
    ) -> AsyncGenerator[Opened]:
        """What was opened is closed in any case: first what is left of the answer, then the reader of the body."""
        key = (secret or "").strip()  # a newline at the end of an exported key is common, and never part of it
        unusable = _unusable(key, request)
        if unusable is not None:
            yield Failure(_unsent("unauthorized", unusable))
            return
        async with AsyncExitStack() as stack:
            try:
                opened: Opened = await self._sent(stack, request, audio, key, streams=streams)
            except _RAISED as problem:
                opened = Failure(_mishap(problem, key))
            except AudioChanged as problem:
                opened = Failure(AttemptFailure(kind="invalid_request", reason=str(problem), sent="maybe", charged="maybe"))
            yield opened

    async def _sent(self, stack: AsyncExitStack, request: HttpRequest, audio: AudioSource, key: str, *, streams: bool) -> Opened:
        built = self._built(stack, request, audio, key)
        # A user and password in the address would overwrite our header: they count only where we have none.
        auth = httpx.Auth() if "authorization" in built.headers else None
        response = await self._client.send(built, auth=auth, stream=True, follow_redirects=False)
        stack.push_async_callback(_closed, response.aclose)
        keyless = Keyless(key)
        if not (streams and _streams(response)):
            return await _read(response, keyless, self._max_body_bytes)
        head = Streaming(status=response.status_code, headers=_headers(response, keyless), body=b"")
        stream = EventStream(response, head, keyless, self._max_body_bytes, lambda problem: _mishap(problem, key, late=True))
        stack.push_async_callback(stream.close)
        return Success(stream)

    def _built(self, stack: AsyncExitStack, request: HttpRequest, audio: AudioSource, key: str) -> httpx.Request:
        headers = [*_ALWAYS, *((header.name, _value(header, key)) for header in request.headers)]
        if isinstance(request.body, bytes):
            return self._client.build_request(request.method, request.url, headers=headers, content=request.body)
        body = body_of(request.body, audio)
        headers += [("content-type", body.content_type), ("content-length", str(body.size))]
        built = self._client.build_request(request.method, request.url, headers=headers)
        pieces = body.pieces()
        built.stream = _Body(pieces)
        stack.push_async_callback(_closed, pieces.aclose)
        return built


async def _closed(close: Callable[[], Awaitable[None]]) -> None:
    """Close, even when the task has been cancelled."""
    with anyio.move_on_after(_CLOSING_S, shield=True):
        await close()


def _unusable(key: str, request: HttpRequest) -> str | None:
    if not _carried(key):
        return "the key holds characters that no header can carry"
    for header in request.headers:
        if isinstance(header.value, str) and not _carried(header.value):  # from a setting
            return f"the header `{header.name}` would hold characters that no header can carry"
    if not key and any(isinstance(header.value, Secret) for header in request.headers):
        return "there is no key where the provider wants one"
    return None


def _carried(value: str) -> bool:
    return value.isascii() and (value + " ").isprintable()


def _streams(response: httpx.Response) -> bool:
    """Whether the answer is a stream of events that can be read."""
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    encoding = response.headers.get("content-encoding", "identity")
    return response.status_code in _SUCCESSES and kind == "text/event-stream" and encoding == "identity"


class _Body(httpx.AsyncByteStream):
    """Our pieces as httpx wants them: as they are, so that whoever made them can close them."""

    def __init__(self, pieces: AsyncGenerator[bytes]) -> None:
        self._pieces = pieces

    @override
    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces


async def _read(response: httpx.Response, keyless: Keyless, most: int) -> Success[HttpResponse] | Failure[AttemptFailure]:
    """The whole answer. A refusal is worth having even when its body cannot be: the status says most of it."""
    body = bytearray()
    compressed = response.headers.get("content-encoding", "identity") != "identity"
    try:
        unusable = "compressed, which was not asked for" if compressed else await _fill(body, response, most)
    except httpx.RemoteProtocolError:
        unusable = "the body breaks off before its end"
    except httpx.ReadError:
        if response.status_code in _SUCCESSES:
            raise
        unusable = None
    if unusable is not None and response.status_code in _SUCCESSES:
        reason = f"http {response.status_code}: {unusable}"
        failure = AttemptFailure(kind="bad_answer", reason=reason, sent="yes", charged="maybe", status=response.status_code)
        return Failure(failure)
    whole = HttpResponse(status=response.status_code, headers=_headers(response, None), body=bytes(body))
    return Success(_without_key(whole, keyless))


def _headers(response: httpx.Response, keyless: Keyless | None) -> tuple[tuple[str, str], ...]:
    said = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw)
    return tuple((name, value if keyless is None else keyless.text(value)) for name, value in said)


async def _fill(body: bytearray, response: httpx.Response, most: int) -> str | None:
    """Read the body; returns why not all of it, or None when it is whole.

    Too long an answer is left by cancelling the reading from within: leaving the loop instead would leave the generators of
    httpx and httpcore half-way, to be closed by chance.
    """
    with anyio.CancelScope() as reading:
        async for piece in response.aiter_raw():
            if reading.cancel_called or len(body) + len(piece) > most:
                reading.cancel()
            else:
                body += piece
    return f"an answer of more than {most} bytes" if reading.cancel_called else None


def _without_key(response: HttpResponse, keyless: Keyless) -> HttpResponse:
    """The answer without the key, wherever the server repeats it."""
    if response.status in _SUCCESSES and keyless.is_a_word:
        return response
    headers = tuple((name, keyless.text(value)) for name, value in response.headers)
    return HttpResponse(status=response.status, headers=headers, body=keyless.body(response.body))


def _value(header: Header, key: str) -> str:
    return f"{header.value.prefix}{key}" if isinstance(header.value, Secret) else header.value


def _mishap(problem: Exception, key: str, *, late: bool = False) -> AttemptFailure:
    """The failure that an exception stands for, by the nearest of its classes in the table; `late`: the answer had begun."""
    meant = next(MISHAPS[each] for each in type(problem).__mro__ if each in MISHAPS)
    said = str(problem).replace(key, REMOVED) if key else str(problem)
    reason = scrubbed(f"{meant.meaning}: {said}" if meant.quoted and said else meant.meaning)
    if late and meant.kind != "timed_out":
        return AttemptFailure(kind="server_error", reason=f"{reason}, in mid-stream", sent="yes", charged="maybe")
    return AttemptFailure(kind=meant.kind, reason=reason, sent=meant.sent, charged=meant.charged)


def _unsent(kind: FailureKind, reason: str) -> AttemptFailure:
    return AttemptFailure(kind=kind, reason=reason, sent="no", charged="no")
