"""Guardrails that the embedding service carries out itself: functions of its own, by the names that the spec gives them.

    async def no_names(judged: Judged) -> Verdict:
        return Blocked("names a customer") if "Smith" in judged.text else Passed()

    async with voxplan.open("routing.yaml", guardrails={"no-names": no_names}) as vox: ...

A function that raises, takes too long or returns anything else has not approved: what that means says the spec (`on_error`).
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Final

import msgspec

from voxplan.engine.plans.router import Router
from voxplan.engine.runs.run import Blocked, Broke, Check, Passed, Verdict
from voxplan.engine.terms.spelling import suggestion
from voxplan.engine.terms.transcript import Transcript
from voxplan.io_shell.errors import SpecError

__all__ = ("GuardrailFunction", "Guardrails", "Judged", "Judging", "require_guardrails")


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What the guardrail called `guardrail` is to judge: the prompt of a request, or else the transcript of an answer.

    Both are as the guardrail before left them. `prompt` is None for an answer, `transcript` for a prompt.
    """

    guardrail: str
    prompt: str | None = None
    transcript: Transcript | None = None

    @property
    def text(self) -> str:
        """The text of either."""
        return (self.prompt or "") if self.transcript is None else self.transcript.text


GuardrailFunction = Callable[[Judged], Awaitable[Verdict]]
"""Returns `Passed()`, `Passed(prompt=…)` or `Passed(transcript=…)` with what it approves instead, or `Blocked("why")`."""

Guardrails = Mapping[str, GuardrailFunction]

_CUSTOM: Final = "custom"


def require_guardrails(router: Router, functions: Guardrails) -> None:
    """Every custom guardrail of the spec has its function, and every function its guardrail; else SpecError."""
    problems = (*_missing(router, functions), *_surplus(router, functions))
    if problems:
        raise SpecError(problems)


def _missing(router: Router, functions: Guardrails) -> Iterator[str]:
    for name, guardrail in router.spec.guardrails.items():
        if guardrail.kind == _CUSTOM and name not in functions:
            yield f"guardrail `{name}` is custom and has no function: a program gives it as `guardrails={{'{name}': function}}`"


def _surplus(router: Router, functions: Guardrails) -> Iterator[str]:
    custom = [name for name, guardrail in router.spec.guardrails.items() if guardrail.kind == _CUSTOM]
    for name, function in functions.items():
        if name not in custom:
            yield f"the spec has no custom guardrail `{name}`{suggestion(name, custom)}"
        elif not callable(function):
            yield f"guardrail `{name}`: expected an async function, got {type(function).__name__}"


class Judging:
    """The checks of one run, whose request came with `prompt`."""

    def __init__(self, functions: Guardrails, prompt: str | None) -> None:
        """Nothing is judged yet."""
        self._functions = functions
        self._prompt = prompt

    async def __call__(self, check: Check) -> Verdict:
        """The verdict, made sure of: an approval of something else than what was judged is none."""
        name, transcript = check.guardrail.name, check.transcript
        prompt = None if transcript is not None else self._prompt if check.prompt is None else check.prompt
        verdict: object = await self._functions[name](Judged(guardrail=name, prompt=prompt, transcript=transcript))
        match verdict:
            case Passed(prompt=str(), transcript=None) if transcript is None:
                return verdict
            case Passed(prompt=None, transcript=Transcript()) if transcript is not None:
                return verdict
            case Passed(prompt=None, transcript=None) | Blocked(why=str()) | Broke(why=str()):
                return verdict
            case Passed():
                return Broke(why="it approved something else than what it was to judge")
            case _:
                return Broke(why=f"it returned {type(verdict).__name__}, expected Passed or Blocked")
