from io import BytesIO
from pathlib import Path

import pytest

from tests.io_shell.local.recordings import ENCODINGS, encoded, wav
from voxplan.io_shell.local.decoding import Undecodable, decode
from voxplan.io_shell.local.splitting import RATE


def seconds(data: bytes) -> float:
    """How much audio comes out."""
    return sum(part.size for part in decode(BytesIO(data))) / RATE


@pytest.mark.parametrize("container", ENCODINGS)
def test_every_container_is_decoded(container: str) -> None:
    """Three seconds in any container are three seconds of samples."""
    assert seconds(encoded(container)) == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize("container", sorted({*ENCODINGS} - {"ipod"}))
def test_a_truncated_file_gives_what_it_holds(container: str) -> None:
    """Half a file is about half the audio."""
    data = encoded(container)
    assert 0.5 < seconds(data[: len(data) // 2]) < 2.5


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n" + bytes(500), encoded("ipod")[:400], encoded("flac")[:20]])
def test_what_holds_no_audio_is_undecodable(data: bytes) -> None:
    """One line says so, without a path."""
    with pytest.raises(Undecodable) as problem:
        seconds(data)
    assert "\n" not in str(problem.value)


def test_a_playlist_opens_nothing(tmp_path: Path) -> None:
    """A file that names another (HLS, concat) is refused: FFmpeg would read it, or fetch it."""
    other = tmp_path / "secret.wav"
    other.write_bytes(encoded("wav"))
    for playlist in (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile://{other}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile {other}\n",
    ):
        with pytest.raises(Undecodable):
            seconds(playlist.encode())


@pytest.mark.parametrize("rate", [1, 775_000_000])
def test_a_rate_that_no_sound_has_is_undecodable(rate: int) -> None:
    """A header that claims 1 Hz would fill the memory, and 775 MHz took the resampler minutes (found by mutation)."""
    data = bytearray(wav(RATE))
    data[24:28] = rate.to_bytes(4, "little")
    with pytest.raises(Undecodable, match=f"{rate} Hz"):
        seconds(bytes(data))
