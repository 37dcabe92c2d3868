"""How many words the local recogniser gets wrong: clip by clip, and with clips joined into longer recordings.

    python bench/word_error_rate.py [FOLDER]

FOLDER holds references.json, which maps audio files below it to what is said in them. Joined recordings are there for the
splitter: nothing is heard whole in them. Both texts are normalised first, as Whisper's authors do: case,
punctuation, numbers and years, British and American spelling.
"""
# pyright: reportMissingTypeStubs=false

import json
import sys
import wave
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Final

import anyio
import jiwer
import numpy as np
from returns.result import Failure
from whisper_normalizer.english import EnglishTextNormalizer  # type: ignore[import-untyped]

from voxplan.adapters.wire import Recognise, Recognised
from voxplan.io_shell.audio.source import AudioInput, open_audio
from voxplan.io_shell.local.decoding import decode
from voxplan.io_shell.local.pool import LocalRecogniser
from voxplan.io_shell.local.splitting import RATE, Samples

_DEFAULT_FOLDER: Final = Path(__file__).resolve().parents[2] / "shared" / "audio"
_WANT: Final = Recognise(model="default", language="en", prompt=None, temperature=None, words=False)
_MOST: Final = 0.07
_PAUSES_S: Final = (0.3, 0.7, 1.5)
_NORMALISED: Final[Callable[[str], str]] = EnglishTextNormalizer()


def main() -> int:
    """Print the rates; 1 when English clips come out worse than promised."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else _DEFAULT_FOLDER
    if not (folder / "references.json").is_file():
        print(f"no references.json in `{folder}`: name a folder that has one", file=sys.stderr)
        return 2
    texts: dict[str, str] = json.loads((folder / "references.json").read_text(encoding="utf-8"))
    english = {name: text for name, text in texts.items() if name.startswith("en/") or "/" not in name}
    return anyio.run(_measure, folder, english)


async def _measure(folder: Path, texts: dict[str, str]) -> int:
    references = [_NORMALISED(text) for text in texts.values()]
    async with LocalRecogniser() as recogniser:
        await _heard(recogniser, folder / next(iter(texts)))  # starts the worker
        started = perf_counter()
        heard = [await _heard(recogniser, folder / name) for name in texts]
        spent = perf_counter() - started
        for name, reference, one in zip(texts, references, heard, strict=True):
            print(f"{jiwer.wer(reference, _text(one)):7.1%}  {one.seconds:6.1f} s  {len(one.segments):3} segments  {name}")
        total = jiwer.wer(references, [_text(one) for one in heard])
        seconds = sum(one.seconds for one in heard)
        print(f"{total:7.1%}  {seconds:6.1f} s  all clips, real-time factor {spent / seconds:.3f}")
        for pause_s in _PAUSES_S:
            started = perf_counter()
            joined = await _heard(recogniser, _joined(folder, tuple(texts), pause_s))
            factor = (perf_counter() - started) / joined.seconds
            _report_joined(joined, " ".join(references), pause_s, factor)
    print(f"{'within' if total <= _MOST else 'OVER'} the {_MOST:.0%} promised")
    return 0 if total <= _MOST else 1


async def _heard(recogniser: LocalRecogniser, audio: AudioInput) -> Recognised:
    async with open_audio(audio) as source:
        result = await recogniser.recognise(_WANT, source)
    if isinstance(result, Failure):
        raise SystemExit(result.failure().reason)
    return result.unwrap()


def _report_joined(heard: Recognised, reference: str, pause_s: float, factor: float) -> None:
    rate = jiwer.wer(reference, _text(heard))
    lengths = [segment.end - segment.start for segment in heard.segments]
    print(
        f"{rate:7.1%}  {heard.seconds:6.1f} s  joined with {pause_s} s between, real-time factor {factor:.3f}, "
        f"{len(lengths)} segments, median {np.median(lengths):.1f} s, longest {max(lengths):.1f} s"
    )


def _text(heard: Recognised) -> str:
    return _NORMALISED(" ".join(segment.text for segment in heard.segments))


def _joined(folder: Path, names: tuple[str, ...], pause_s: float) -> bytes:
    """One WAV file of all clips with silence between them."""
    pause: Samples = np.zeros(int(pause_s * RATE), dtype=np.float32)
    parts: list[Samples] = []
    for name in names:
        with (folder / name).open("rb") as file:
            parts.extend((*decode(file), pause))
    return _wav(np.concatenate(parts))


def _wav(samples: Samples) -> bytes:
    buffer = BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


if __name__ == "__main__":
    sys.exit(main())
