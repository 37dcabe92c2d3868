"""Audio by its address (`url` instead of `file`): fetched, spooled like an upload, and only from where the spec allows.

    async with fetched(url, rules, most_bytes) as audio:
        …

Each connection goes to an address that was looked at before (`destinations`), with the name's certificate; redirects are followed
one by one through the same guard, and no proxy of the environment is asked. Nothing that is logged or told repeats an address.
"""

import logging
import ssl
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from email.message import Message
from functools import cache
from typing import Final, NamedTuple
from urllib.parse import unquote

import anyio
import httpx

from voxplan.engine.language.gateway import Urls
from voxplan.engine.terms.quantity import print_span
from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.gateway.destinations import Destination, Resolve, destination, parsed, refused_url, resolved
from voxplan.io_shell.gateway.envelopes import Refused
from voxplan.io_shell.gateway.parts import FormLimits
from voxplan.io_shell.gateway.spooling import Spool

__all__ = ("Means", "fetched")

_MOST_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_OK: Final = 200
_CONNECT_S: Final = 10.0
_CLOSING_S: Final = 2.0
_HEADERS: Final = (("accept", "*/*"), ("accept-encoding", "identity"), ("user-agent", "voxplan"))
_UNNAMED: Final = "audio"
_LONGEST_DISPOSITION: Final = 1000


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates that this machine trusts: loading them takes a while."""
    return httpx.create_ssl_context()


class Means(NamedTuple):
    """How names become addresses, and whose certificates count (default: those that this machine trusts)."""

    resolve: Resolve = resolved
    trust: ssl.SSLContext | None = None


_ORDINARY: Final = Means()


@asynccontextmanager
async def fetched(url: str, rules: Urls, most_bytes: int, means: Means = _ORDINARY) -> AsyncGenerator[AudioSource]:
    """The audio at `url`, of at most `most_bytes`; it exists for as long as the context. Raises Refused, on entry."""
    spool = Spool(FormLimits().memory_bytes)
    try:
        yield await _in_time(url, rules, _Hold(spool, most_bytes), means)
    finally:
        await spool.close()


class _Hold(NamedTuple):
    """Where the audio goes, and how much of it at most."""

    spool: Spool
    most_bytes: int


async def _in_time(url: str, rules: Urls, hold: _Hold, means: Means) -> AudioSource:
    with anyio.move_on_after(rules.timeout.base_ms / 1000):
        return await _followed(parsed(url), rules, hold, means)
    raise refused_url(f"was not fetched within {print_span(rules.timeout)}", code="url_timed_out")


async def _followed(url: httpx.URL, rules: Urls, hold: _Hold, means: Means) -> AudioSource:
    """Ask, and ask again where redirects lead."""
    for hop in range(_MOST_REDIRECTS + 1):
        async with _asked(await destination(url, rules, means.resolve, redirected=hop > 0), means) as response:
            if response.status_code not in _REDIRECTS:
                return await _held(response, url, hold)
            url = parsed(response.headers.get("location", ""), url)
    raise refused_url(f"redirects more than {_MOST_REDIRECTS} times", code="url_not_fetched")


@asynccontextmanager
async def _asked(where: Destination, means: Means) -> AsyncGenerator[httpx.Response]:
    """The answer of the first of its addresses that can be reached."""
    async with AsyncExitStack() as stack:
        # One for each hop: a connection that was made for one name must not serve another at the same address.
        transport = httpx.AsyncHTTPTransport(verify=means.trust or _trusted(), trust_env=False)
        await stack.enter_async_context(transport)
        response = await _first_answer(transport, where)
        stack.push_async_callback(_closed, response)
        yield response


async def _first_answer(transport: httpx.AsyncHTTPTransport, where: Destination) -> httpx.Response:
    for address in where.addresses:
        try:
            with _discreet():
                return await transport.handle_async_request(_request(where.url, str(address)))
        except (httpx.ConnectError, httpx.ConnectTimeout):
            continue
        except (httpx.HTTPError, OSError):
            break
    raise refused_url("cannot be fetched: its host does not answer, or has no valid certificate", code="url_not_fetched")


def _request(url: httpx.URL, address: str) -> httpx.Request:
    """A request that goes to this very address, in the name of the host."""
    headers = (("host", url.netloc.decode("ascii")), *_HEADERS)
    timeout = {"connect": _CONNECT_S}  # the rest is bounded by the whole
    extensions = {"sni_hostname": url.raw_host.decode("ascii").strip("[]"), "timeout": timeout}
    return httpx.Request("GET", url.copy_with(host=address), headers=headers, extensions=extensions)


async def _closed(response: httpx.Response) -> None:
    """Close, even when the task has been cancelled."""
    with anyio.move_on_after(_CLOSING_S, shield=True):
        await response.aclose()


async def _held(response: httpx.Response, url: httpx.URL, hold: _Hold) -> AudioSource:
    """The audio in an answer, or the reason why it is none."""
    if response.status_code != _OK:
        raise refused_url(f"cannot be fetched: its host answers {response.status_code}", code="url_not_fetched")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise refused_url("cannot be fetched: its host answers compressed, which was not asked for", code="url_not_fetched")
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > hold.most_bytes:
        raise _too_large(hold.most_bytes)
    try:
        problem = await _spooled(response, hold)
    except (httpx.HTTPError, OSError):  # the latter from TLS
        raise refused_url("cannot be fetched: the connection to its host broke", code="url_not_fetched") from None
    if problem is not None:
        raise problem
    try:
        return await hold.spool.finish(_filename(response.headers.get("content-disposition", ""), url))
    except OSError:
        raise _no_room() from None


async def _spooled(response: httpx.Response, hold: _Hold) -> Refused | None:
    """Read the body; why not all of it, or None.

    What cannot be taken is left by cancelling the reading from within: leaving the loop would leave generators half-way.
    """
    problem: Refused | None = None
    with anyio.CancelScope() as reading:
        async for piece in response.aiter_raw():
            problem = problem or await _taken(piece, hold)
            if problem is not None:
                reading.cancel()
    return problem


async def _taken(piece: bytes, hold: _Hold) -> Refused | None:
    if hold.spool.size + len(piece) > hold.most_bytes:
        return _too_large(hold.most_bytes)
    hold.spool.append(memoryview(piece))
    try:
        await hold.spool.settle()
    except OSError:
        return _no_room()
    return None


def _no_room() -> Refused:
    return refused_url("cannot be held: there is no room for it", status=503, code="no_room")


def _too_large(most_bytes: int) -> Refused:
    return refused_url(f"leads to more than the {most_bytes} bytes that are taken", status=413, code="file_too_large")


def _filename(disposition: str, url: httpx.URL) -> str:
    """The name that the host gives the audio, else the last one of the address."""
    return _told_name(disposition) or unquote(url.path.rpartition("/")[2]) or _UNNAMED


def _told_name(disposition: str) -> str | None:
    """What the header says: none where it cannot be read, or would take long to."""
    if len(disposition) > _LONGEST_DISPOSITION:  # the time that it takes grows with the square
        return None
    told = Message()
    told["content-disposition"] = disposition
    try:
        return told.get_filename()
    except (LookupError, TypeError, ValueError):  # of what no browser would send back
        return None


_IN_CONFIDENCE: Final = ContextVar("_IN_CONFIDENCE", default=False)


def _may_be_logged(_: logging.LogRecord) -> bool:
    return not _IN_CONFIDENCE.get()


# At the level DEBUG httpcore logs the headers of answers: a redirect's address may be signed.
for _name in ("httpcore.connection", "httpcore.http11"):
    logging.getLogger(_name).addFilter(_may_be_logged)


@contextmanager
def _discreet() -> Generator[None]:
    """Meanwhile nothing is logged of what goes over the network."""
    before = _IN_CONFIDENCE.set(True)
    try:
        yield
    finally:
        _IN_CONFIDENCE.reset(before)
