import pytest

from tests.making import CATALOG, guardrail, transcript
from voxplan.engine.language.spec import Deployment, Guardrail, RouteNode, Spec
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.router import Router
from voxplan.engine.runs.run import Blocked, Broke, Check, Passed, Verdict
from voxplan.io_shell.errors import SpecError
from voxplan.io_shell.judging import GuardrailFunction, Judged, Judging, require_guardrails

pytestmark = pytest.mark.anyio


def router(*names: str) -> Router:
    """The router of a spec with these custom guardrails."""
    return compile_checked(
        Spec(
            voxplan=1,
            deployments={"a": Deployment(provider="any", model="m")},
            routes={"r": RouteNode(use="a", guardrails=names or None)},
            guardrails={name: Guardrail(kind="custom") for name in names},
        ),
        CATALOG,
    )


async def agree(_: Judged) -> Verdict:
    """Yes."""
    return Passed()


def returning(value: object) -> GuardrailFunction:
    """A function that returns this, whatever it is."""

    async def function(_: Judged) -> Verdict:
        return value  # type: ignore[return-value]  # pyright: ignore[reportReturnType]

    return function


async def verdict(function: GuardrailFunction, *, transcribed: bool = True) -> Verdict:
    """The verdict on an answer, or else on the prompt `hello`."""
    check = Check(check=1, guardrail=guardrail("g"), until_ms=9, transcript=transcript("hi") if transcribed else None)
    return await Judging({"g": function}, "hello")(check)


def test_every_guardrail_has_its_function_and_every_function_its_guardrail() -> None:
    """All that is wrong is told at once, with what was probably meant."""
    require_guardrails(router("polite"), {"polite": agree})
    with pytest.raises(SpecError) as raised:
        require_guardrails(router("polite", "clean"), {"polight": agree, "clean": "no function"})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    missing, unknown, wrong = raised.value.problems
    assert missing.startswith("guardrail `polite` is custom and has no function: ")
    assert unknown == "the spec has no custom guardrail `polight`, did you mean `polite`?"
    assert wrong == "guardrail `clean`: expected an async function, got str"


async def test_a_function_sees_what_it_judges() -> None:
    """The prompt, as the guardrail before left it, or the transcript; `text` is the text of either."""
    seen = list[Judged]()

    async def look(judged: Judged) -> Verdict:
        seen.append(judged)
        return Passed()

    judging = Judging({"g": look}, "hello")
    for check in (
        Check(check=1, guardrail=guardrail("g"), until_ms=9),
        Check(check=2, guardrail=guardrail("g"), until_ms=9, prompt="hello again"),
        Check(check=3, guardrail=guardrail("g"), until_ms=9, transcript=transcript("hi")),
    ):
        await judging(check)
    assert [(each.prompt, each.transcript, each.text) for each in seen] == [
        ("hello", None, "hello"),
        ("hello again", None, "hello again"),
        (None, transcript("hi"), "hi"),
    ]


@pytest.mark.parametrize("said", [Passed(), Blocked("rude"), Passed(transcript=transcript("ho"))])
async def test_a_verdict_is_handed_on(said: Verdict) -> None:
    """As it is."""
    assert await verdict(returning(said)) == said


async def test_a_prompt_may_be_changed() -> None:
    """To anything, also to nothing at all."""
    assert await verdict(returning(Passed(prompt="")), transcribed=False) == Passed(prompt="")


@pytest.mark.parametrize("said", [None, True, "fine", Passed(prompt="x"), Passed(transcript="x")])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
async def test_anything_else_is_no_approval(said: object) -> None:
    """Forgetting to return does not let an answer through (law G4)."""
    assert isinstance(await verdict(returning(said)), Broke)
    assert isinstance(await verdict(returning(Passed(transcript=transcript("x"))), transcribed=False), Broke)
