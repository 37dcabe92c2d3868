"""An hour of speech through the local recogniser: how long it takes, and how much memory at most.

    python bench/long_recording.py [MINUTES]

The recording is the reading that ships inside the recogniser's own package, over and over. Memory that grew with the recording
would show: an hour of samples alone is 230 MB, which the worker's peak over a short recording is printed to be compared with.
"""

import resource
import sys
import wave
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

import anyio
from anyio import to_thread
from returns.result import Failure

from voxplan.adapters.wire import Recognise, Recognised
from voxplan.io_shell.audio.source import open_audio
from voxplan.io_shell.local.pool import LocalRecogniser

_WANT: Final = Recognise(model="default", language="en", prompt=None, temperature=None, words=False)
_MINUTES: Final = 60


def main() -> None:
    """Make the recording, recognise it, print what it took."""
    minutes = int(sys.argv[1]) if len(sys.argv) > 1 else _MINUTES
    with TemporaryDirectory() as folder:
        recording = Path(folder) / "long.wav"
        _repeat(_reading(), recording, minutes * 60)
        print(f"size             {recording.stat().st_size / 1e6:8.0f} MB")
        anyio.run(_measure, recording)


def _reading() -> Path:
    """`two_cities.wav` of the installed package."""
    spec = find_spec("moonshine_voice")
    if spec is None or spec.origin is None:
        raise SystemExit("the local recogniser is not installed: pip install 'voxplan[local]'")
    return Path(spec.origin).parent / "assets" / "two_cities.wav"


def _repeat(clip: Path, recording: Path, seconds: int) -> None:
    with wave.open(str(clip), "rb") as source:
        parameters, frames = source.getparams(), source.readframes(source.getnframes())
    rounds = seconds * parameters.framerate // parameters.nframes
    with wave.open(str(recording), "wb") as out:
        out.setparams(parameters)
        for _ in range(rounds):
            out.writeframesraw(frames)


async def _measure(recording: Path) -> None:
    async with LocalRecogniser() as recogniser:
        await _recognised(recogniser, _reading())
        short_mb = await _peak_mb(recogniser)
        started = perf_counter()
        heard = await _recognised(recogniser, recording)
        spent = perf_counter() - started
        long_mb = await _peak_mb(recogniser)
    print(f"recording        {heard.seconds / 60:8.1f} min")
    print(f"time             {spent:8.1f} s, real-time factor {spent / heard.seconds:.3f}")
    print(f"segments         {len(heard.segments):8}, {sum(len(segment.text.split()) for segment in heard.segments)} words")
    print(f"worker's peak    {long_mb:8.0f} MB ({short_mb:.0f} MB after 44 s of speech)")
    print(f"parent's peak    {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB")


async def _recognised(recogniser: LocalRecogniser, recording: Path) -> Recognised:
    async with open_audio(recording) as audio:
        result = await recogniser.recognise(_WANT, audio)
    if isinstance(result, Failure):
        raise SystemExit(result.failure().reason)
    return result.unwrap()


async def _peak_mb(recogniser: LocalRecogniser) -> float:
    """The most memory the worker ever held (Linux)."""
    (pid,) = recogniser.pids
    status = await to_thread.run_sync(Path(f"/proc/{pid}/status").read_text)
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
