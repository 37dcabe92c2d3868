"""The routing language over real sockets: races, fallbacks of the request, pretended failures, guardrails, degrades, money."""

from typing import Final, Unpack, get_args

import pytest

import voxplan
from tests.conformance.behaviours import MISBEHAVIOURS, Hang, Honest
from tests.conformance.openai_server import OpenAIServer
from tests.end_to_end.test_failures import AUDIO, told
from voxplan.engine.language.spec import Deployment, Guardrail, OptionRules, Price, Race, RouteNode, Spec
from voxplan.engine.terms.quantity import Money, Span
from voxplan.engine.terms.request import ResponseFormat
from voxplan.io_shell.judging import Guardrails
from voxplan.io_shell.options import TranscribeOptions

pytestmark = pytest.mark.anyio

LONG: Final = Span(20_000)
NAMES: Final = ("first", "second", "third")


def spec_of(
    root: RouteNode,
    *urls: str,
    model: str = "whisper-1",
    price: int | None = None,
    provider: str = "openai_compatible",
    guardrails: dict[str, Guardrail] | None = None,
) -> Spec:
    """A spec of one route, and a deployment called first, second, third for each server."""
    per_minute = None if price is None else Price(per_request=Money(price))
    deployments = {
        name: Deployment(provider=provider, model=model, base_url=url, api_key="${KEY}", price=per_minute)
        for name, url in zip(NAMES, urls, strict=False)
    }
    routes = {"main": root, "spare": RouteNode(use=NAMES[len(urls) - 1])}
    return Spec(voxplan=1, deployments=deployments, routes=routes, guardrails=guardrails or {})


async def transcribe(spec: Spec, guardrails: Guardrails | None = None, **options: Unpack[TranscribeOptions]) -> voxplan.Answer:
    """One transcription of the tone by route `main`."""
    wanted: TranscribeOptions = {"route": "main", "filename": "tone.wav", **options}
    async with voxplan.open(spec, environment={"KEY": "k"}, guardrails=guardrails) as vox:
        return await vox.transcribe(AUDIO, **wanted)


def race(*names: str, stagger_ms: int = 100) -> RouteNode:
    """A race of these deployments."""
    among = tuple(RouteNode(use=name) for name in names)
    return RouteNode(race=Race(stagger=Span(stagger_ms), among=among), timeout=LONG)


async def test_a_race_does_not_wait_for_the_slow_one() -> None:
    """The second arm starts beside the first, and wins; the first is lost, which is no failure."""
    with OpenAIServer(key=None, script=[Hang()]) as slow, OpenAIServer(key=None) as quick:
        async with voxplan.open(spec_of(race("first", "second"), slow.url, quick.url), environment={"KEY": "k"}) as vox:
            answer = await vox.transcribe(AUDIO, route="main", filename="tone.wav")
            seen = vox.view.of("first")
    assert (answer.served_by, answer.text) == ("second", Honest().text)
    assert {entry.deployment: (entry.ending, entry.cause) for entry in answer.attempts} == {
        "first": ("lost", "first"),
        "second": ("accepted", "hedge"),
    }
    assert (seen.circuit, seen.failures, seen.load.in_flight) == ("closed", 0, 0)


async def test_fallbacks_of_the_request_follow_the_route() -> None:
    """A deployment or a route; what came before is in the trail with the reason for each call."""
    with OpenAIServer(key=None, script=[MISBEHAVIOURS["503"]]) as broken, OpenAIServer(key=None) as spare:
        spec = spec_of(RouteNode(use="first"), broken.url, spare.url)
        answer = await transcribe(spec, fallbacks="spare")
    assert told(answer.attempts) == [("first", "overloaded"), ("second", "accepted")]
    assert [entry.cause for entry in answer.attempts] == ["first", "fallback"]


async def test_pretended_failures_reach_nobody() -> None:
    """By deployment or by provider; what comes first with LiteLLM's word for it."""
    with OpenAIServer(key=None) as one, OpenAIServer(key=None) as other:
        spec = spec_of(RouteNode(first=(RouteNode(use="first"), RouteNode(use="second"))), one.url, other.url)
        simulated = await transcribe(spec, simulate={"first": "rate_limited"})
        mocked = await transcribe(spec, mock_testing_fallbacks=True)
        with pytest.raises(voxplan.ProviderError) as raised:
            await transcribe(spec, simulate={"openai_compatible": "out_of_quota"})
        assert (len(one.seen), len(other.seen)) == (0, 2)
    assert told(simulated.attempts) == [("first", "rate_limited"), ("second", "accepted")]
    assert told(mocked.attempts) == [("first", "server_error"), ("second", "accepted")]
    assert raised.value.kind == "out_of_quota"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fallbacks": ["thrid"]}, "no deployment or route for the fallback `thrid`"),
        ({"simulate": {"opnai": "timed_out"}}, "no deployment or provider to simulate failures of: `opnai`"),
        ({"allowed": ["spare"]}, "this caller may not use `main`"),
        ({"allowed": ["main"], "fallbacks": ["spare"]}, "this caller may not use `spare`"),
        ({"deadline": "soon"}, "`deadline`: expected a duration"),
        ({"simulate": {"first": "rate_limit"}}, "did you mean `rate_limited`?"),
    ],
)
async def test_what_is_asked_wrongly_is_told_and_nothing_is_sent(options: TranscribeOptions, message: str) -> None:
    """The caller can mend it."""
    with OpenAIServer(key=None) as server:
        with pytest.raises(voxplan.RequestError) as raised:
            await transcribe(spec_of(RouteNode(use="first"), server.url), **options)
        assert server.seen == []
    assert message in str(raised.value)


async def test_a_deadline_of_the_request_holds() -> None:
    """It bounds the whole run."""
    with OpenAIServer(key=None, script=[Hang()]) as slow, pytest.raises(voxplan.ProviderError) as raised:
        await transcribe(spec_of(RouteNode(use="first", timeout=LONG), slow.url), deadline=0.5)
    assert (raised.value.kind, raised.value.attempts[0].ended_ms) == ("timed_out", 500)


async def block(judged: voxplan.Judged) -> voxplan.Verdict:
    """No, and say to what."""
    return voxplan.Blocked(f"of {len(judged.text)} letters")


async def politely(judged: voxplan.Judged) -> voxplan.Verdict:
    """A prompt gets a word before it, an answer all its words in capitals."""
    if judged.transcript is None:
        return voxplan.Passed(prompt=f"please: {judged.text}")
    return voxplan.Passed(transcript=voxplan.redact(judged.transcript, str.upper))


async def broken(_: voxplan.Judged) -> voxplan.Verdict:
    """Not today."""
    raise ConnectionError


async def test_guardrails_change_what_goes_in_and_what_comes_out() -> None:
    """In every format (laws G2, G5)."""
    checks = {"ask": Guardrail(kind="custom", stage="input"), "answer": Guardrail(kind="custom")}
    with OpenAIServer(key=None) as server:
        root = RouteNode(use="first", guardrails=("ask", "answer"))
        answer = await transcribe(
            spec_of(root, server.url, guardrails=checks),
            {"ask": politely, "answer": politely},
            prompt="names",
            response_format="srt",
        )
        form = server.seen[0].form
    assert form is not None
    assert form.value("prompt") == "please: names"
    assert answer.text == Honest().text.upper()
    for response_format in {*get_args(ResponseFormat)} - {"diarized_json"}:  # nobody told the speakers apart
        assert Honest().text.split()[0] not in answer.render(response_format)


async def test_a_guardrail_that_blocks_is_told_with_what_was_spent() -> None:
    """The kind is `blocked`, the error names the guardrail, and no fallback is tried."""
    with OpenAIServer(key=None) as server, OpenAIServer(key=None) as other:
        root = RouteNode(first=(RouteNode(use="first"), RouteNode(use="second")), guardrails=("g",))
        spec = spec_of(root, server.url, other.url, guardrails={"g": Guardrail(kind="custom")})
        with pytest.raises(voxplan.ProviderError) as raised:
            await transcribe(spec, {"g": block})
        assert other.seen == []
    assert (raised.value.kind, raised.value.guardrail) == ("blocked", "g")
    assert str(raised.value) == f"guardrail `g` did not approve: of {len(Honest().text)} letters"
    assert told(raised.value.attempts) == [("first", "accepted")]


async def test_a_guardrail_on_the_prompt_is_asked_before_anything_is_sent() -> None:
    """Law G1."""
    with OpenAIServer(key=None) as server:
        spec = spec_of(
            RouteNode(use="first", guardrails=("g",)), server.url, guardrails={"g": Guardrail(kind="custom", stage="input")}
        )
        with pytest.raises(voxplan.ProviderError, match="guardrail `g` did not approve: of 2 letters"):
            await transcribe(spec, {"g": block}, prompt="hi")
        assert server.seen == []
        assert (await transcribe(spec, {"g": block})).text == Honest().text


@pytest.mark.parametrize("on_error", ["block", "allow"])
async def test_a_guardrail_that_breaks_blocks_unless_the_spec_says_otherwise(on_error: str) -> None:
    """Then the answer says so (law G4)."""
    checks = {"g": Guardrail(kind="custom", on_error="allow" if on_error == "allow" else "block")}
    with OpenAIServer(key=None) as server:
        spec = spec_of(RouteNode(use="first", guardrails=("g",)), server.url, guardrails=checks)
        if on_error == "allow":
            assert (await transcribe(spec, {"g": broken})).unchecked == ("g",)
            return
        with pytest.raises(voxplan.ProviderError, match="guardrail `g` could not judge: ConnectionError in the guardrail"):
            await transcribe(spec, {"g": broken})


async def test_a_spec_with_custom_guardrails_is_opened_with_their_functions() -> None:
    """Nothing runs unguarded because somebody forgot."""
    spec = spec_of(RouteNode(use="first"), "http://127.0.0.1:1", guardrails={"g": Guardrail(kind="custom")})
    with pytest.raises(voxplan.SpecError, match="guardrail `g` is custom and has no function"):
        await transcribe(spec)
    with pytest.raises(voxplan.SpecError, match="the spec has no custom guardrail `h`"):
        await transcribe(spec, {"g": block, "h": block})


async def test_options_go_only_as_the_spec_says_and_the_answer_tells() -> None:
    """Laws C2 and F7: a model without prompt or speakers is not asked for them."""
    rules = OptionRules(prompt="drop", diarize="drop")
    with OpenAIServer(key=None) as server:
        root = RouteNode(use="first", options=rules)
        speakers = spec_of(root, server.url, model="gpt-4o-transcribe-diarize", provider="openai")
        answer = await transcribe(speakers, prompt="hi")
        form = server.seen[0].form
        lenient = await transcribe(spec_of(root, server.url), diarize=True)
        with pytest.raises(voxplan.RequestError, match="does not tell speakers apart"):
            await transcribe(spec_of(RouteNode(use="first"), server.url), diarize=True)
    assert form is not None
    assert (answer.dropped, form.value("prompt")) == (("prompt",), None)
    assert (lenient.dropped, lenient.emulated) == (("diarize",), ())


async def test_the_answer_says_what_all_calls_cost_at_most() -> None:
    """In dollars, those that failed included; None when nobody knows."""
    root = RouteNode(first=(RouteNode(use="first"), RouteNode(use="second")))
    with OpenAIServer(key=None, script=[MISBEHAVIOURS["503"]] * 2) as one, OpenAIServer(key=None) as other:
        priced = await transcribe(spec_of(root, one.url, other.url, price=2_000_000))
        unpriced = await transcribe(spec_of(root, one.url, other.url))
    assert priced.cost == pytest.approx(0.004)
    assert unpriced.cost is None
