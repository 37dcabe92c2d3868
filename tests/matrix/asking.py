"""What the matrix asks of every model: each option and each format by itself; and how one sees that it was not lost."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, get_args

import voxplan
from tests.conformance.requests_seen import Seen
from voxplan.engine.terms.request import ResponseFormat
from voxplan.io_shell.options import TranscribeOptions

__all__ = ("CELLS", "Cell")

_VOICE: Final = "data:audio/wav;base64,UklGRg=="
Evidence = Callable[[Sequence[Seen], Sequence[Seen], voxplan.Answer], bool]


@dataclass(frozen=True)
class Cell:
    """One thing that is asked for. `kept` tells from the requests without it, those with it, and the answer."""

    name: str
    options: TranscribeOptions
    kept: Evidence


def _written(*texts: str) -> Evidence:
    """Each of the texts stands in a request, and in none without the option."""

    def kept(before: Sequence[Seen], after: Sequence[Seen], _: voxplan.Answer) -> bool:
        return all(_holds(after, text) and not _holds(before, text) for text in texts)

    return kept


def _asked_otherwise(before: Sequence[Seen], after: Sequence[Seen], _: voxplan.Answer) -> bool:
    return _said(before) != _said(after)


def _said(requests: Sequence[Seen]) -> list[object]:
    return [(seen.target, seen.form.fields if seen.form else seen.json()) for seen in requests]


def _holds(requests: Sequence[Seen], text: str) -> bool:
    return any(text in str((seen.query, seen.form.fields if seen.form else seen.body)) for seen in requests)


def _format(response_format: ResponseFormat) -> Cell:
    def kept(_: Sequence[Seen], __: Sequence[Seen], answer: voxplan.Answer) -> bool:
        return _MARKS[response_format] in answer.render()

    return Cell(response_format, {"response_format": response_format}, kept)


_MARKS: Final[dict[ResponseFormat, str]] = {
    "json": '{"text":"',
    "text": "fox",
    "srt": "00:00:0",
    "vtt": "WEBVTT\n\n00:00:0",
    "verbose_json": '"text":',
    "diarized_json": '"speaker":',
}

CELLS: Final[tuple[Cell, ...]] = (
    Cell("language", {"language": "de"}, _asked_otherwise),
    Cell("languages", {"languages": ("de", "fr")}, _asked_otherwise),
    Cell("prompt", {"prompt": "Xanthippe speaks"}, _written("Xanthippe speaks")),
    Cell("keywords", {"keywords": ("Zyzzyva", "Quokka")}, _written("Zyzzyva", "Quokka")),
    Cell("temperature", {"temperature": 0.375}, _written("0.375")),
    Cell("timestamps: segment", {"timestamps": "segment"}, lambda _, __, answer: bool(answer.segments or answer.words)),
    Cell("timestamps: word", {"timestamps": "word"}, lambda _, __, answer: bool(answer.words)),
    Cell("translate", {"translate": True}, lambda _, __, answer: answer.transcript.translated and answer.language == "en"),
    Cell("diarize", {"diarize": True}, lambda _, __, answer: _speakers(answer)),
    Cell("known_speakers", {"known_speakers": {"Xenia": _VOICE}, "diarize": True}, _written("Xenia", _VOICE)),
    Cell("logprobs", {"logprobs": True}, lambda _, __, answer: bool(answer.transcript.logprobs)),
    Cell("chunking_strategy", {"chunking_strategy": {"type": "server_vad", "threshold": 0.375}}, _written("0.375")),
    *(_format(each) for each in get_args(ResponseFormat)),
)


def _speakers(answer: voxplan.Answer) -> bool:
    timed: tuple[voxplan.Segment | voxplan.Word, ...] = (*(answer.segments or ()), *(answer.words or ()))
    return any(each.speaker for each in timed)
