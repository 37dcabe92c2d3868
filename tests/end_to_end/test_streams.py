"""Text as it comes, over real sockets: a fallback until the first text has left, never after it (law F6)."""

from typing import Final

import pytest

import voxplan
from tests.conformance.behaviours import BreakStream, Honest, Reply
from tests.conformance.kit import STANDS
from tests.conformance.socket_server import SocketServer
from tests.sounds import tone
from voxplan.adapters.redacting import redact
from voxplan.adapters.rendering.events import Delta, Done, Event
from voxplan.engine.language.spec import Deployment, Guardrail, OptionRules, Race, RouteNode, Spec
from voxplan.engine.runs.run import Passed, Verdict
from voxplan.engine.terms.quantity import Span
from voxplan.io_shell.judging import Guardrails, Judged

pytestmark = pytest.mark.anyio

AUDIO: Final = tone()
STREAMS, WHOLE = STANDS["openai"], STANDS["groq"]
MODEL: Final = "gpt-4o-transcribe"
NAMES: Final[tuple[str, ...]] = ("first", "second")


def streaming(server: SocketServer) -> Deployment:
    """A deployment whose model streams."""
    return STREAMS.deployment(server, MODEL)


def spec_of(root: RouteNode, *deployments: Deployment, guardrails: dict[str, Guardrail] | None = None) -> Spec:
    """A spec of one route over `first` and `second`."""
    named: dict[str, Deployment] = dict(zip(NAMES, deployments, strict=False))
    return Spec(voxplan=1, deployments=named, routes={"main": root}, guardrails=guardrails or {})


IN_ORDER: Final = RouteNode(first=(RouteNode(use="first"), RouteNode(use="second")))


class Heard:
    """What came of one stream: its events, then the answer or the failure."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.answer: voxplan.Answer | None = None
        self.failure: voxplan.ProviderError | None = None

    @property
    def text(self) -> str:
        """All deltas."""
        return "".join(event.text for event in self.events if isinstance(event, Delta))


async def heard(spec: Spec, guardrails: Guardrails | None = None) -> Heard:
    """One stream of the tone."""
    found = Heard()
    environment = STREAMS.environment()
    async with voxplan.open(spec, environment=environment, guardrails=guardrails) as vox:
        try:
            async with vox.stream(AUDIO, filename="tone.wav") as stream:
                async for event in stream:
                    found.events.append(event)
                found.answer = stream.answer
        except voxplan.ProviderError as failure:
            found.failure = failure
    return found


async def test_the_next_one_takes_over_until_the_first_text() -> None:
    """Nothing of the one that failed is heard."""
    with STREAMS.server([BreakStream(after=0)]) as broken, STREAMS.server() as good:
        found = await heard(spec_of(IN_ORDER, streaming(broken), streaming(good)))
        assert len(good.seen) == 1
    assert found.text == Honest().text
    assert isinstance(found.events[-1], Done)
    assert found.answer is not None
    assert [entry.deployment for entry in found.answer.attempts] == ["first", "second"]


async def test_nobody_takes_over_after_the_first_text() -> None:
    """What has left cannot be taken back: the run ends in the failure, and the next one is not even called."""
    with STREAMS.server([BreakStream(after=2)]) as broken, STREAMS.server() as good:
        found = await heard(spec_of(IN_ORDER, streaming(broken), streaming(good)))
        assert good.seen == []
    assert found.text == "one two"
    assert found.failure is not None
    assert found.failure.kind == "server_error"
    assert not any(isinstance(event, Done) for event in found.events)


async def test_a_guardrail_that_has_to_see_all_holds_the_text_back() -> None:
    """The events are made of what it approved; a fallback is possible until the end."""

    async def hide(judged: Judged) -> Verdict:
        if judged.transcript is None:
            return Passed()
        return Passed(transcript=redact(judged.transcript, lambda text: text.replace("fox", "***")))

    rules = RouteNode(first=IN_ORDER.first, guardrails=("hide",))
    with STREAMS.server([BreakStream(after=2)]) as broken, STREAMS.server() as good:
        spec = spec_of(rules, streaming(broken), streaming(good), guardrails={"hide": Guardrail(kind="custom")})
        found = await heard(spec, {"hide": hide})
    assert found.text == Honest().text.replace("fox", "***")


async def test_only_the_winner_of_a_race_is_heard() -> None:
    """Both begin; the text of one leaves."""
    race = RouteNode(race=Race(stagger=Span(0), among=(RouteNode(use="first"), RouteNode(use="second"))))
    with STREAMS.server() as one, STREAMS.server() as other:
        found = await heard(spec_of(race, streaming(one), streaming(other)))
    assert found.text == Honest().text


async def test_a_fallback_that_does_not_stream_is_emulated_where_the_spec_allows() -> None:
    """And refused where it does not."""
    rules = RouteNode(first=IN_ORDER.first, options=OptionRules(stream="emulate"))
    busy = Reply(503, b"{}")
    with STREAMS.server([busy, busy]) as broken, WHOLE.server() as whole:
        found = await heard(spec_of(rules, streaming(broken), WHOLE.deployment(whole)))
        refused = await heard(spec_of(IN_ORDER, streaming(broken), WHOLE.deployment(whole)))
        assert len(whole.seen) == 1
    assert found.text == Honest().text
    assert found.answer is not None
    assert found.answer.emulated == ("stream",)
    assert refused.failure is not None
    assert refused.failure.kind == "overloaded"
