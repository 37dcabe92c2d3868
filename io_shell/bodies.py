"""One body with the audio in it as a stream: its exact length first, then its pieces, the audio never whole in memory.

Multipart: the text fields come before the file, because servers that read as they go decide by them. httpx would build the same
body with `files=`, but writes each part on its own and cannot be given a file it does not read itself; here the beginning rides
with the first piece of audio and the end with the last. Base64 and raw bodies are made in the same way.
"""

import secrets
from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final, Protocol, assert_never

from voxplan.adapters.wire import Base64Body, Multipart, RawBody
from voxplan.io_shell.audio.problem import AudioProblem

__all__ = ("PIECE_BYTES", "AudioBody", "AudioChanged", "AudioSource", "body_of")

PIECE_BYTES: Final = 65_536

# Base64: three bytes become four letters.
_GROUP: Final = 3
_LETTERS: Final = 4

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


class AudioBody:
    """A body around one audio source: what stands before and after it, and whether it is written in base64."""

    def __init__(
        self, content_type: str, audio: AudioSource, before: bytes = b"", after: bytes = b"", *, base64: bool = False
    ) -> None:
        self.content_type = content_type
        self._audio = audio
        self._before = before
        self._after = after
        self._base64 = base64

    @property
    def size(self) -> int:
        """The bytes of the whole body."""
        size = self._audio.size
        return len(self._before) + (-(-size // _GROUP) * _LETTERS if self._base64 else size) + len(self._after)

    async def pieces(self) -> AsyncGenerator[bytes]:
        """The body in order, in pieces of about `PIECE_BYTES`; raises AudioChanged when the audio is not what it was."""
        held = self._before
        async with aclosing(self._audio_pieces()) as chunks:
            async for chunk, more_comes in chunks:
                if len(held) >= PIECE_BYTES:
                    yield held
                    held = chunk
                else:
                    held += chunk
                if more_comes and held:  # servers give up a request whose body pauses: what is there is passed on
                    yield held
                    held = b""
        if last := held + self._after:
            yield last

    async def _audio_pieces(self) -> AsyncGenerator[tuple[bytes, bool]]:
        """The audio as it is to be written, and whether that is all there is until more comes in.

        Groups of three bytes become four letters, across the borders of pieces.
        """
        left, open_group = self._audio.size, b""
        async with aclosing(_readable(self._audio.chunks(PIECE_BYTES))) as chunks:
            async for chunk in chunks:
                left -= len(chunk)
                if left < 0:
                    break
                more_comes = left > 0 and len(chunk) < PIECE_BYTES
                if self._base64:
                    ready = open_group + chunk
                    whole = len(ready) - len(ready) % _GROUP
                    open_group = ready[whole:]
                    yield b64encode(ready[:whole]), more_comes
                else:
                    yield chunk, more_comes
        if left:
            raise AudioChanged(f"the audio is {abs(left)} bytes {'shorter' if left > 0 else 'longer or more'} than it was")
        yield b64encode(open_group), False


def body_of(body: Multipart | RawBody | Base64Body, audio: AudioSource) -> AudioBody:
    """The body with `audio` in its hole."""
    match body:
        case RawBody(content_type=content_type):
            return AudioBody(content_type, audio)
        case Base64Body(before=before, after=after, content_type=content_type):
            return AudioBody(content_type, audio, before, after, base64=True)
        case Multipart():
            boundary = secrets.token_hex(16)
            after = f"\r\n--{boundary}--\r\n".encode()
            return AudioBody(f"multipart/form-data; boundary={boundary}", audio, _before(body, boundary), after)
        case _:
            assert_never(body)


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
