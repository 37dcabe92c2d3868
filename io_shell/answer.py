"""What a transcription returns: the transcript, who served it, and everything that was attempted on the way."""

from collections.abc import Iterator
from typing import Final, Literal

import msgspec
from returns.result import Failure

from voxplan.adapters.rendering.formats import render, to_json
from voxplan.engine.plans.plan import Plan
from voxplan.engine.plans.pricing import Cost
from voxplan.engine.runs.run import Skipped, TrailEntry
from voxplan.engine.terms.request import Option, ResponseFormat
from voxplan.engine.terms.transcript import Segment, Transcript, Word
from voxplan.io_shell.errors import ProviderError

__all__ = ("Answer", "CostCertainty")

CostCertainty = Literal["known", "estimated", "unknown"]

_NANODOLLARS: Final = 10**9


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One transcription that succeeded.

    `attempts` is the trail of all calls, in the order in which they ended; `skipped` the planned attempts that did not start.
    `poor`: the transcript failed its `accept` gates and was the best there was. `dropped` and `emulated` are the options that the
    deployment that served cannot do, where the spec lets them go or be built from what it gave; `unchecked` the guardrails that
    could not judge, where the spec lets that pass. `served_cost` is what the call came to that served, None when
    nobody knows. `measured_seconds` is the length that the audio's own header tells. The plan follows again from the same spec,
    request and view with `moment_ms` and `seed`.
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
    served_cost: Cost | None = None
    measured_seconds: float | None = None
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
        """The length of the audio in seconds, if known: by the provider, else by the audio's own header."""
        return self.measured_seconds if self.transcript.seconds is None else self.transcript.seconds

    @property
    def cost(self) -> float | None:
        """What all calls together cost, in US dollars; None when that of one is not known, which is never 0.

        For the call that served, by what its provider counted; for the others at most. `cost_certainty` says what to make of it.
        """
        costs = [None if cost is None else cost.nano for cost in self._costs()]
        return None if None in costs else sum(cost for cost in costs if cost is not None) / _NANODOLLARS

    @property
    def cost_certainty(self) -> CostCertainty:
        """Whether `cost` is `known`, `estimated` or `unknown`.

        `estimated`: by a price that is an estimate, without all that the provider counts, or with a call that may have been free.
        """
        costs = tuple(self._costs())
        if None in costs:
            return "unknown"
        return "estimated" if any(cost.estimated for cost in costs if cost is not None) else "known"

    def _costs(self) -> Iterator[Cost | None]:
        """What each call came to."""
        served = _served(self.attempts, self.served_by)
        for entry in self.attempts:
            if entry is served and self.served_cost is not None:
                yield self.served_cost
            elif entry.cost is None:
                yield None
            else:
                settled = entry is served or (entry.failure is not None and entry.failure.charged == "yes")
                yield Cost(entry.cost, estimated=bool(entry.cost) and not settled)

    def render(self, response_format: ResponseFormat | None = None) -> str:
        """The transcript as `json`, `text`, `srt`, `vtt`, `verbose_json` or `diarized_json`; by default as it was asked for.

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


def _served(attempts: tuple[TrailEntry, ...], served_by: str) -> TrailEntry | None:
    """The call that served: the one that was accepted, else the last of the deployment whose answer was a poor one."""
    own = [entry for entry in attempts if entry.deployment == served_by]
    poor = [entry for entry in own if entry.failure is not None and entry.failure.kind == "poor_quality"]
    return next((entry for entry in own if entry.ending == "accepted"), poor[-1] if poor else None)
