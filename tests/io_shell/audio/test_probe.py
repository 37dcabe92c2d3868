from typing import Final

import pytest

from tests.io_shell.local.recordings import ENCODINGS, encoded, reading, wav
from voxplan.adapters.audio.containers import container_of
from voxplan.engine.terms.request import AudioFacts
from voxplan.io_shell.audio.probe import AudioProblem, probe
from voxplan.io_shell.audio.source import open_audio

pytestmark = pytest.mark.anyio

# Lengths that a header tells; the others stay unknown rather than wrong.
MEASURED: Final = ("wav", "flac", "ogg", "mp3", "ipod", "aiff")


async def facts(data: bytes, name: str = "talk.wav") -> AudioFacts:
    """The probe's facts about `data`."""
    async with open_audio(data, filename=name) as audio:
        return await probe(audio)


async def problem(data: bytes, name: str = "talk.wav") -> AudioProblem:
    """The probe's complaint about `data`."""
    with pytest.raises(AudioProblem) as caught:
        await facts(data, name)
    return caught.value


async def test_a_real_recording_is_known() -> None:
    """Container, seconds, channels and bytes of a file on disk."""
    async with open_audio(reading()) as audio:
        found = await probe(audio)
    assert found == AudioFacts(bytes=audio.size, seconds=44.374125, format="wav", channels=1)


@pytest.mark.parametrize("container", ENCODINGS)
async def test_lengths_are_right_or_unknown(container: str) -> None:
    """Three seconds are about three seconds in every container whose length is told, and never something else."""
    data = encoded(container)
    found = await facts(data)
    assert found.format == container_of(data)
    assert (found.seconds is not None) == (container in MEASURED)
    assert found.seconds is None or found.seconds == pytest.approx(3.0, abs=0.15)


@pytest.mark.parametrize("claimed", [0, 0x7FFF_FFFF, 0xFFFF_FFFF, 10**9])
async def test_an_unfinished_wav_header_is_not_believed(claimed: int) -> None:
    """A recorder that streams leaves a wrong size: what the file holds counts."""
    assert (await facts(wav(32000, claimed))).seconds == 2.0


async def test_a_wav_of_no_length_is_a_problem() -> None:
    """0 seconds of audio are the caller's mistake."""
    assert str(await problem(wav(0))) == "`talk.wav` holds 0 seconds of audio"


async def test_a_picture_is_not_audio_whatever_its_name() -> None:
    """A PNG named .wav is called a PNG."""
    found = await problem(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert (found.kind, str(found)) == ("not_audio", "`talk.wav` is a PNG image, not audio")


async def test_an_empty_file_is_empty() -> None:
    """No bytes at all."""
    assert str(await problem(b"", "no\nthing.mp3")) == "`no?thing.mp3` is empty"


async def test_unknown_bytes_are_unknown() -> None:
    """What matches nothing is no error: a provider may know it."""
    assert await facts(bytes(range(128, 256)) * 10) == AudioFacts(bytes=1280)


@pytest.mark.parametrize("container", MEASURED)
async def test_a_truncated_file_is_still_probed(container: str) -> None:
    """A header alone gives facts or none, never an error."""
    data = encoded(container)
    for keep in (200, len(data) // 2):
        assert (await facts(data[:keep])).format == container_of(data)
