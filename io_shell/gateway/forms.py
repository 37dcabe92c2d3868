"""One multipart form, read as it comes in: its text fields in memory, its one file spooled, for as long as the `async with`.

    async with await read_form(request.stream(), content_type, FormLimits()) as form:
        form.fields, form.upload

Limits hold while the body is read: what is over one is refused at once, not at its end. Memory stays bounded whatever the size
of the body or of the pieces it comes in. How long a client may take is for whoever calls to say; when that time is over, or the
client has gone, the spool is gone too.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from types import TracebackType
from typing import Final, Self

from anyio import CancelScope
from msgspec import Struct
from python_multipart.multipart import parse_options_header

from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.gateway.form_problem import FormProblem, FormProblemCode
from voxplan.io_shell.gateway.parts import FILE_FIELD, FormLimits, Parts
from voxplan.io_shell.gateway.spooling import Spool

__all__ = ("FILE_FIELD", "Form", "FormLimits", "FormProblem", "FormProblemCode", "Upload", "read_form")

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


class Form:
    """A form that was read whole; its upload can be read until the `async with` is left, or `aclose` called."""

    def __init__(self, fields: tuple[tuple[str, str], ...], upload: Upload | None, spool: Spool) -> None:
        """Made by `read_form`."""
        self.fields: Final = fields
        self.upload: Final = upload
        self._spool = spool

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Free the upload; a second time does nothing."""
        await self._spool.close()


async def read_form(stream: AsyncIterator[bytes], content_type: str, limits: FormLimits) -> Form:
    """The form in `stream`, read to its end and, if it is a generator, closed.

    Raises FormProblem for anything that is wrong with the form, and what `stream` raises (a client that has gone) as it is;
    nothing is left behind then.
    """
    spool = Spool(limits.memory_bytes)
    try:
        async with aclosing(_as_generator(stream)) as pieces:
            parts = Parts(_boundary(content_type), limits, spool)
            async for piece in pieces:
                parts.feed(piece)
                await _settled(spool)
        return Form(*await _found(parts, spool), spool)
    except BaseException:
        await spool.close()
        raise


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
