"""Broken files by the thousand through the probe and, in one worker, the decoder: no crash, no hang, one line each.

VOXPLAN_MUTANTS says how many; 10,000 take some minutes.
"""

import os
import random
from functools import cache
from typing import Final

import anyio
import pytest
from returns.result import Failure

from tests.io_shell.local.recordings import ENCODINGS, WANT, encoded
from voxplan.engine.terms.request import AudioFacts
from voxplan.io_shell.audio.probe import AudioProblem, probe
from voxplan.io_shell.audio.source import AudioSource, open_audio
from voxplan.io_shell.local.pool import LocalRecogniser

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

_THOROUGH: Final = 10_000 if os.environ.get("VOXPLAN_HYPOTHESIS") == "thorough" else 300
MUTANTS: Final = int(os.environ.get("VOXPLAN_MUTANTS") or _THOROUGH)
KINDS: Final = frozenset({"unsupported", "too_large"})
SECONDS: Final = 0.4
PATIENCE_S: Final = 20.0


@pytest.fixture(scope="module", params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Both event loops, each with half of the mutants."""
    return str(request.param)


@cache
def originals() -> tuple[bytes, ...]:
    """A short recording in every container."""
    return tuple(encoded(container, SECONDS) for container in ENCODINGS)


def mutant(number: int) -> bytes:
    """The `number`-th broken file; the same one on every machine, but for what the encoders write."""
    chance = random.Random(number)
    data = bytearray(chance.choice(originals()))
    for _ in range(chance.choice((1, 1, 2, 5, 30))):
        _damage(data, chance)
    return bytes(data)


def _damage(data: bytearray, chance: random.Random) -> None:
    """One way to break a file; headers are hit more often than the rest."""
    at = chance.randrange(min(len(data), chance.choice((64, 512, len(data)))) or 1) if data else 0
    length = chance.choice((1, 2, 4, 8, 64, 1000))
    match chance.randrange(6):
        case 0:
            data[at : at + 1] = bytes([chance.randrange(256)])
        case 1:
            data[at : at + length] = chance.choice((b"\xff", b"\x00", b"\x7f", b"\x80")) * length
        case 2:
            del data[at : at + length]
        case 3:
            data[at:at] = chance.randbytes(length)
        case 4:
            del data[at + chance.randrange(2000) :]
        case _:
            other = chance.choice(originals())
            data[at : at + length] = other[at : at + length]


async def test_broken_files_break_nothing(anyio_backend_name: str) -> None:
    """Each mutant is recognised, or refused in one line; the same worker does them all."""
    half = MUTANTS // 2
    numbers = range(half) if anyio_backend_name == "asyncio" else range(half, MUTANTS)
    async with LocalRecogniser() as recogniser:
        pids: set[int] = set()
        for number in numbers:
            with anyio.fail_after(PATIENCE_S):
                await _check(recogniser, number)
            pids |= set(recogniser.pids)
    assert len(pids) <= 1


async def _check(recogniser: LocalRecogniser, number: int) -> None:
    async with open_audio(mutant(number), filename=f"{number}.wav") as audio:
        facts = await _facts(audio)
        assert isinstance(facts, AudioFacts) or "\n" not in facts
        result = await recogniser.recognise(WANT, audio)
    if isinstance(result, Failure):
        failure = result.failure()
        assert failure.kind in KINDS, (number, failure)
        assert "\n" not in failure.reason


async def _facts(audio: AudioSource) -> AudioFacts | str:
    try:
        return await probe(audio)
    except AudioProblem as problem:
        return str(problem)
