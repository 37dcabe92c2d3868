"""What a transcription returns: the transcript, who served it, and everything that was attempted on the way."""

from typing import Final

import msgspec
from returns.result import Failure

from voxplan.adapters.rendering.formats import render, to_json
from voxplan.engine.plans.plan import Plan
from voxplan.engine.runs.run import Skipped, TrailEntry
from voxplan.engine.terms.request import Option, ResponseFormat
from voxplan.engine.terms.transcript import Segment, Transcript, Word
from voxplan.io_shell.errors import ProviderError

__all__ = ("Answer",)

_NANODOLLARS: Final = 10**9


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One transcription that succeeded.

    `attempts` is the trail of all calls, in the order in which they ended; `skipped` the planned attempts that did not start.
    `poor`: the transcript failed its `accept` gates and was the best there was. `dropped` and `emulated` are the options that the
    deployment that served cannot do, where the spec lets them go or be built from what it gave; `unchecked` the guardrails that
    could not judge, where the spec lets that pass. The plan follows again from the same spec, request and view with `moment_ms`
    and `seed`.
    """

    transcript: Transcript
    served_by: str
    attempts: tuple[TrailEntry, ...]
    skipped: tuple[Skipped, ...]
    plan: Plan
    seed: int
    moment_ms: int
    poor: bool = False
    dropped: tuple[Option, ...] = ()
    emulated: tuple[Option, ...] = ()
    unchecked: tuple[str, ...] = ()
    response_format: ResponseFormat = "json"

    @property
    def text(self) -> str:
        """All that was said."""
        return self.transcript.text

    @property
    def segments(self) -> tuple[Segment, ...] | None:
        """Stretches of speech with times in seconds; None when the provider gave none."""
        return self.transcript.segments

    @property
    def words(self) -> tuple[Word, ...] | None:
        """Words with times in seconds; None when the provider gave none."""
        return self.transcript.words

    @property
    def language(self) -> str | None:
        """The ISO 639-1 code of the language, if known."""
        return self.transcript.language

    @property
    def seconds(self) -> float | None:
        """The length of the audio in seconds, if known."""
        return self.transcript.seconds

    @property
    def cost(self) -> float | None:
        """What all calls together cost at most, in US dollars; None when the price of one is not known."""
        costs = [entry.cost for entry in self.attempts]
        return None if None in costs else sum(cost for cost in costs if cost is not None) / _NANODOLLARS

    def render(self, response_format: ResponseFormat | None = None) -> str:
        """The transcript as `json`, `text`, `srt`, `vtt` or `verbose_json`; by default as it was asked for.

        Raises ProviderError when the format needs times and the provider gave none.
        """
        rendered = render(self.transcript, response_format or self.response_format)
        if isinstance(rendered, Failure):
            failure = rendered.failure()
            raise ProviderError(failure.reason, kind=failure.kind, attempts=self.attempts, plan=self.plan)
        return rendered.unwrap().text

    def to_json(self) -> dict[str, object]:
        """OpenAI's `verbose_json` shape as a plain dictionary."""
        return dict(to_json(self.transcript, "verbose_json"))

    def __str__(self) -> str:
        """All that was said, so that `print(answer)` shows the transcript."""
        return self.text
