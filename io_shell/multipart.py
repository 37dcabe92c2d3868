"""One `multipart/form-data` body as a stream: its exact length first, then its pieces, the audio never whole in memory.

The text fields come before the file, because servers that read as they go decide by them. httpx would build the same body
with `files=`, but writes each part on its own and cannot be given a file it does not read itself; here the beginning rides
with the first piece of audio and the end with the last.
"""

import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final, Protocol

from voxplan.adapters.wire import Multipart
from voxplan.io_shell.audio.problem import AudioProblem

__all__ = ("PIECE_BYTES", "AudioChanged", "AudioSource", "MultipartBody")

PIECE_BYTES: Final = 65_536

# What HTML writes for the three characters that would end a quoted name early (WHATWG HTML, multipart/form-data encoding).
_QUOTED: Final = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


class AudioSource(Protocol):
    """Audio that can be read from its beginning as often as there are attempts."""

    @property
    def size(self) -> int:
        """Its bytes; known before the first is read."""
        ...

    @property
    def filename(self) -> str:
        """Its name, with an extension that fits its container."""
        ...

    def chunks(self, chunk_bytes: int = PIECE_BYTES) -> AsyncIterator[bytes]:
        """A fresh reading, in pieces of at most `chunk_bytes`."""
        ...


class AudioChanged(Exception):
    """The audio has become unreadable, shorter or longer since its size was taken."""


class MultipartBody:
    """A multipart body around one audio source."""

    def __init__(self, form: Multipart, audio: AudioSource) -> None:
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._audio = audio
        self._before = _before(form, boundary)
        self._after = f"\r\n--{boundary}--\r\n".encode()

    @property
    def size(self) -> int:
        """The bytes of the whole body."""
        return len(self._before) + self._audio.size + len(self._after)

    async def pieces(self) -> AsyncGenerator[bytes]:
        """The body in order, in pieces of about `PIECE_BYTES`; raises AudioChanged when the audio is not what it was."""
        held, left = self._before, self._audio.size
        async with aclosing(_readable(self._audio.chunks(PIECE_BYTES))) as chunks:
            async for chunk in chunks:
                left -= len(chunk)
                if left < 0:
                    break
                if len(held) >= PIECE_BYTES:
                    yield held
                    held = chunk
                else:
                    held += chunk
        if left:
            raise AudioChanged(f"the audio is {abs(left)} bytes {'shorter' if left > 0 else 'longer or more'} than it was")
        yield held + self._after


async def _readable(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """The same chunks; a file that fails under our hands is the caller's, and must not look like a broken connection."""
    try:
        async for chunk in chunks:
            yield chunk
    except OSError as problem:
        raise AudioChanged(f"the audio can no longer be read: {problem.strerror or type(problem).__name__}") from problem
    except AudioProblem as problem:
        raise AudioChanged(problem.message) from problem
    finally:
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()


def _before(form: Multipart, boundary: str) -> bytes:
    fields = "".join(
        f'--{boundary}\r\ncontent-disposition: form-data; name="{_quoted(name)}"\r\n\r\n{value}\r\n'
        for name, value in form.fields
    )
    file = (
        f'--{boundary}\r\ncontent-disposition: form-data; name="{_quoted(form.file_field)}"; filename="{_quoted(form.filename)}"'
        f"\r\ncontent-type: {form.content_type}\r\n\r\n"
    )
    return (fields + file).encode("utf-8", "replace")


def _quoted(name: str) -> str:
    return name.translate(_QUOTED)
