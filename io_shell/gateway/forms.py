"""One multipart form, read as it comes in: its text fields in memory, its one file spooled, for as long as the `async with`.

    async with await read_form(request.stream(), content_type, FormLimits()) as form:
        form.fields, form.upload

Limits hold while the body is read: what is over one is refused at once, not at its end. Memory stays bounded whatever the size
of the body or of the pieces it comes in. How long a client may take is for whoever calls to say; when that time is over, or the
client has gone, the spool is gone too.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Final

from anyio import CancelScope
from anyio.abc import AsyncResource
from msgspec import Struct
from python_multipart.multipart import parse_options_header

from voxplan.adapters.audio.containers import HEAD_BYTES
from voxplan.io_shell.audio.growing import GrowingStore
from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.gateway.form_problem import FormProblem, FormProblemCode
from voxplan.io_shell.gateway.parts import FILE_FIELD, FormLimits, Parts
from voxplan.io_shell.gateway.spooling import Spool

__all__ = ("FILE_FIELD", "Begun", "Form", "FormLimits", "FormProblem", "FormProblemCode", "FormReader", "Upload", "read_form")

_PIECE_BYTES: Final = 1 << 16
_MULTIPART: Final = b"multipart/form-data"
# RFC 2046 §5.1.1 allows 70 letters and fewer of them; clients have been seen to send others.
_BOUNDARY: Final = re.compile(rb"[\x20-\x7e]{0,199}[\x21-\x7e]")


class Upload(Struct, frozen=True):
    """The file of a form: what the client says it is, and its bytes, to be read by any number of readers at once.

    `filename` is the client's own, to be shown; `source.filename` is a bare name whose extension fits what is really in it.
    """

    filename: str
    content_type: str
    size: int
    source: AudioSource


class Form(AsyncResource):
    """A form that was read whole; its upload can be read until the `async with` is left, or `aclose` called."""

    def __init__(self, fields: tuple[tuple[str, str], ...], upload: Upload | None, spool: Spool) -> None:
        """Made by `read_form`."""
        self.fields: Final = fields
        self.upload: Final = upload
        self._spool = spool

    async def aclose(self) -> None:
        """Free the upload; a second time does nothing."""
        await self._spool.close()


class Begun(Struct, frozen=True):
    """A form whose file has begun: the fields before it, and what can be foretold of it.

    `audio` reads what has come and waits for the rest. Its size holds if the file is the last part of the form.
    """

    fields: tuple[tuple[str, str], ...]
    audio: AudioSource
    store: GrowingStore


class FormReader(AsyncResource):
    """Reads one form: as far as its file, if somebody wants to know, and then to its end.

        async with FormReader(stream, content_type, limits, length) as reader:
            begun = await reader.begin()
            form = await reader.rest()

    What was read is gone at the end of the context. Both raise FormProblem for anything that is wrong with the form, and what
    `stream` raises (a client that has gone) as it is.
    """

    def __init__(self, stream: AsyncIterator[bytes], content_type: str, limits: FormLimits, length: int | None = None) -> None:
        """`length` is that of the whole body, where it is known."""
        self._pieces = _as_generator(stream)
        self._content_type = content_type
        self._limits = limits
        self._length = length
        self._spool = Spool(limits.memory_bytes)
        self._parts: Parts | None = None
        self._closing_bytes = 0

    async def aclose(self) -> None:
        """Leave the stream and free the upload; a second time does nothing."""
        try:
            await self.leave()
        finally:
            await self._spool.close()

    async def leave(self) -> None:
        """Leave the stream, and keep what was read."""
        await self._pieces.aclose()

    async def begin(self) -> Begun | None:
        """Read until there is enough of the file to tell what it is; None when its size cannot be foretold, or it is short."""
        parts = self._opened()
        while not self._has_head(parts):
            if not await self._step(parts):
                return None
        size = self._foretold(parts)
        if parts.file is None or size is None or not self._spool.size < size <= self._limits.file_bytes:
            return None
        store = GrowingStore(self._spool, size)
        return Begun(tuple(parts.fields), AudioSource(store, self._spool.head, parts.file.filename), store)

    async def rest(self, came: Callable[[], None] | None = None) -> Form:
        """Read to the end; `came` is called whenever something has come."""
        parts = self._opened()
        while await self._step(parts):
            if came is not None:
                came()
        return Form(*await _found(parts, self._spool), self._spool)

    def _opened(self) -> Parts:
        if self._parts is None:
            boundary = _boundary(self._content_type)
            _require_room(self._length, self._limits)
            self._parts = Parts(boundary, self._limits, self._spool)
            self._closing_bytes = len(boundary) + len(b"\r\n----\r\n")
        return self._parts

    async def _step(self, parts: Parts) -> bool:
        """Take the next piece; whether there was one."""
        piece = await anext(self._pieces, None)
        if piece is None:
            return False
        parts.feed(piece)
        await _settled(self._spool)
        return True

    def _has_head(self, parts: Parts) -> bool:
        return parts.file is not None and self._spool.size >= HEAD_BYTES

    def _foretold(self, parts: Parts) -> int | None:
        """The size of the file if it is the last part, and ends as every client in use ends it."""
        if self._length is None or parts.file_begins_at is None or parts.ended:
            return None
        return self._length - parts.file_begins_at - self._closing_bytes


async def read_form(stream: AsyncIterator[bytes], content_type: str, limits: FormLimits) -> Form:
    """The form in `stream`, read to its end and, if it is a generator, closed. Raises like `FormReader`; nothing is left then."""
    reader = FormReader(stream, content_type, limits)
    try:
        form = await reader.rest()
    except BaseException:
        await reader.aclose()
        raise
    await reader.leave()
    return form


def _require_room(length: int | None, limits: FormLimits) -> None:
    """A body that is too long whatever it holds is refused by what its head says, before anything of it is sent."""
    if length is not None and length > limits.file_bytes + limits.all_fields_bytes + limits.overhead_bytes:
        message = f"`{FILE_FIELD}` has more than the {limits.file_bytes} bytes that are taken: the body has {length}"
        raise FormProblem(413, message, FILE_FIELD, "file_too_large")


def _boundary(content_type: str) -> bytes:
    try:
        kind, options = parse_options_header(content_type.encode("latin-1"))
    except UnicodeEncodeError:
        kind, options = b"", {}
    if kind != _MULTIPART:
        message = "the content type is not `multipart/form-data`: send the audio as a form with a `file`"
        raise FormProblem(415, message, None, "unsupported_media_type")
    boundary = options.get(b"boundary", b"")
    if not _BOUNDARY.fullmatch(boundary):
        message = "the content type has no usable boundary: leave the header to the library that writes the form"
        raise FormProblem(400, message, None, "invalid_form")
    return boundary


async def _as_generator(stream: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The same bytes in pieces small enough to go through; a generator is closed when it is left early."""
    try:
        async for piece in stream:
            for offset in range(0, len(piece), _PIECE_BYTES):
                yield bytes(piece[offset : offset + _PIECE_BYTES])
    finally:
        if isinstance(stream, AsyncGenerator):
            with CancelScope(shield=True):
                await stream.aclose()


async def _settled(spool: Spool) -> None:
    try:
        await spool.settle()
    except OSError:
        raise FormProblem(503, "there is no room to hold the upload", None, "no_room") from None


async def _found(parts: Parts, spool: Spool) -> tuple[tuple[tuple[str, str], ...], Upload | None]:
    if not parts.ended:
        raise FormProblem(400, "the body ends before its last boundary: the upload was cut off", None, "truncated_form")
    if parts.file is None:
        return tuple(parts.fields), None
    try:
        source = await spool.finish(parts.file.filename)
    except OSError:
        raise FormProblem(503, "there is no room to hold the upload", None, "no_room") from None
    return tuple(parts.fields), Upload(parts.file.filename, parts.file.content_type, spool.size, source)
