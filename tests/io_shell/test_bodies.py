from collections.abc import AsyncIterator

import pytest

from tests.conformance.requests_seen import form_of
from tests.io_shell.audio_in_memory import AudioInMemory
from voxplan.adapters.wire import Multipart
from voxplan.io_shell.bodies import PIECE_BYTES, AudioBody, AudioChanged, body_of

pytestmark = pytest.mark.anyio

FORM = Multipart(
    fields=(("model", "whisper-1"), ("prompt", "Ääkköset\n")), file_field="file", filename="a.wav", content_type="audio/wav"
)


class Unreadable(AudioInMemory):
    """A file on a disk that fails."""

    async def chunks(self, chunk_bytes: int = PIECE_BYTES) -> AsyncIterator[bytes]:
        """Half of it, then the disk's error."""
        yield self.content[: min(chunk_bytes, self.size // 2)]
        raise OSError(5, "Input/output error")


async def whole(body: AudioBody) -> bytes:
    """The body in one piece."""
    return b"".join([piece async for piece in body.pieces()])


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 300_000])
async def test_another_parser_reads_what_went_in(size: int) -> None:
    """Fields in order and before the file, values unharmed, audio byte for byte, length as announced."""
    audio = AudioInMemory(bytes(i % 251 for i in range(size)))
    body = body_of(FORM, audio)
    written = await whole(body)
    form = form_of(body.content_type, written)
    assert form is not None
    assert len(written) == body.size
    assert (form.fields, form.order) == (FORM.fields, ("model", "prompt", "file"))
    assert (form.filename, form.audio_bytes, form.audio_sha256) == ("a.wav", size, audio.sha256)


async def test_the_audio_is_never_whole_in_memory() -> None:
    """Pieces stay near the chosen size; the first carries the fields and audio together, the last the audio and the end."""
    body = body_of(FORM, AudioInMemory(b"x" * 1_000_000))
    pieces = [piece async for piece in body.pieces()]
    assert max(map(len, pieces)) < 2 * PIECE_BYTES + 1024
    assert len(pieces) == 1_000_000 // PIECE_BYTES + 1
    assert pieces[0].endswith(b"x")
    assert pieces[-1].startswith(b"x")


class Coming(AudioInMemory):
    """Audio that comes in bit by bit."""

    async def chunks(self, chunk_bytes: int = PIECE_BYTES) -> AsyncIterator[bytes]:
        """A thousand bytes at a time."""
        for start in range(0, self.size, 1000):
            yield self.content[start : start + min(1000, chunk_bytes)]


@pytest.mark.parametrize("base64", [False, True])
async def test_what_is_there_is_passed_on(base64: bool) -> None:
    """A server sees no longer pauses than those of whoever sends the audio."""
    audio = Coming(bytes(i % 251 for i in range(10_500)))
    body = AudioBody("audio/wav", audio, b"before", b"after", base64=base64)
    pieces = [piece async for piece in body.pieces()]
    assert len(pieces) == 11
    assert len(b"".join(pieces)) == body.size
    assert base64 or b"".join(pieces) == b"before" + audio.content + b"after"


async def test_each_attempt_reads_the_audio_anew() -> None:
    """The same source gives the same bytes to a second attempt, under another boundary."""
    audio = AudioInMemory(b"again" * 50_000)
    first, second = body_of(FORM, audio), body_of(FORM, audio)
    forms = [form_of(body.content_type, await whole(body)) for body in (first, second)]
    assert forms[0] == forms[1]
    assert first.content_type != second.content_type


@pytest.mark.parametrize("filename", ['say "a".wav', "line\r\nbreak.wav", "päivä.wav"])
async def test_a_name_cannot_break_the_form(filename: str) -> None:
    """Quotes and line breaks in the file's name are written so that no parser stumbles."""
    body = body_of(Multipart(fields=(), file_field="file", filename=filename, content_type="audio/wav"), AudioInMemory(b"1"))
    form = form_of(body.content_type, await whole(body))
    assert form is not None
    assert form.filename == filename.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


@pytest.mark.parametrize("off_by", [-1, 1, 100_000])
async def test_audio_that_changed_its_length_is_told(off_by: int) -> None:
    """A file that grew or shrank since it was measured is never sent as if it were whole."""
    audio = AudioInMemory(b"x" * 150_000, size=150_000 + off_by)
    with pytest.raises(AudioChanged, match="shorter" if off_by > 0 else "longer"):
        await whole(body_of(FORM, audio))


async def test_audio_that_cannot_be_read_is_told() -> None:
    """A failing disk is no broken connection."""
    with pytest.raises(AudioChanged, match=r"can no longer be read: Input/output error"):
        await whole(body_of(FORM, Unreadable(b"x" * 10)))
