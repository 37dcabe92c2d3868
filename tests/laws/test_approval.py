"""Laws F6 and G1-G7 by an onlooker who follows each text through the checks: what was shown to whom, said, sent and returned."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import Literal, NamedTuple

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.driven import Driven, drive
from tests.laws.cases import Case, above, cases, plan_of, planned, rewritten, spec_of, use
from tests.laws.cases import first as first_of
from tests.laws.simulation import Simulated, simulate
from tests.laws.worlds import EMPTY, GOOD, Call, Judgement, Says, World, scripted_world
from tests.plan_strategies import plans
from tests.plans import attempt, first, guardrail, race, transcript
from tests.plans import plan_of as plan_with
from tests.strategies import CATALOG, DEPLOYMENTS, GUARDRAILS, routing_nodes, seeds, worlds
from voxplan.adapters.redacting import redact
from voxplan.engine.checks.checking import check
from voxplan.engine.language.spec import Deployment, Guardrail, RouteNode, Rules, Spec
from voxplan.engine.plans.plan import Attempt, GuardrailStep, Plan, attempts
from voxplan.engine.runs.run import (
    Answered,
    Broke,
    Check,
    Checked,
    Command,
    Passed,
    Release,
    Send,
    Served,
    Unserved,
    Verdict,
)
from voxplan.engine.terms.failure import LISTABLE, STAR, FailureKind
from voxplan.engine.terms.request import Options, Request, ResponseFormat
from voxplan.engine.terms.transcript import Segment, Transcript
from voxplan.io_shell import client
from voxplan.io_shell.errors import SpecError
from voxplan.io_shell.judging import Judged

FIRST_WORLDS = st.integers(0, 2**32)
NAMES = ("a", "b", "c", "d", "e")
"""The deployments of `plans`."""


def runs(plan: Plan, first_world: int) -> Iterator[Simulated]:
    """Runs of the plan in some worlds, in which guardrails often redact, block, break and take their time."""
    for seed in range(first_world, first_world + 6):
        world = scripted_world(seed, NAMES, ("g", "h", "i"))
        yield simulate(plan, world)
        yield simulate(plan, _answering(Random(seed), world))


def _answering(chance: Random, world: World) -> World:
    """The world with answers instead of failures, good ones or poor ones, and with guardrails that say no less often."""
    poor = chance.choice((0.0, 0.5, 1.0))
    calls = {
        at: Call(chance.randrange(4), EMPTY if chance.random() < poor else GOOD, delta_ms=call.delta_ms)
        for at, call in world.calls.items()
    }
    says: tuple[Says, ...] = ("passes", "redacts", "breaks", "breaks")
    return World(calls, judgements={name: Judgement(chance.randrange(6), chance.choice(says)) for name in world.judgements})


class Seen(NamedTuple):
    """One guardrail that was asked: what it was shown, and what it said; None if the run ended before."""

    asked: Check
    verdict: Verdict | None


def seen(done: Simulated) -> Iterator[Seen]:
    """The checks of a run, in the order in which they were asked for."""
    said = {event.check: event.verdict for _, event in done.events if isinstance(event, Checked)}
    for _, command in done.commands:
        if isinstance(command, Check):
            yield Seen(command, said.get(command.check))


def ended(done: Simulated) -> Served | Unserved:
    """How the run ended."""
    assert done.run.finished is not None
    return done.run.finished.ended


def served_by(done: Simulated, answer: Served) -> Attempt:
    """The attempt whose answer is returned."""
    node = next(send.node for send in done.sent if send.attempt == answer.attempt)
    return next(each for each in attempts(done.run.plan.root) if each.node == node)


def streaming(case: Case, *, prompt: str | None) -> Case:
    """The case for a request that wants its text as it comes, with this prompt."""
    return case._replace(request=replace(case.request, options=replace(case.request.options, stream=True, prompt=prompt)))


def assert_prompt_approved(done: Simulated) -> None:
    """G1: before each call every input guardrail was asked, in order, and none said no; the call carries the last prompt."""
    steps, asked, prompt = done.run.plan.input_guardrails, list[GuardrailStep](), None
    for _, each in done.moments:
        if isinstance(each, Check) and each.transcript is None:
            assert each.guardrail == steps[len(asked)]
            assert each.prompt == prompt
        elif isinstance(each, Checked) and len(asked) < len(steps):
            asked.append(steps[len(asked)])
            assert isinstance(each.verdict, Passed | Broke) or isinstance(ended(done), Unserved)
            prompt = each.verdict.prompt if isinstance(each.verdict, Passed) and each.verdict.prompt is not None else prompt
            refused = not isinstance(each.verdict, Passed) and not (
                isinstance(each.verdict, Broke) and asked[-1].on_error == "allow"
            )
            assert not refused or not done.sent
        elif isinstance(each, Send):
            assert tuple(asked) == steps
            assert each.prompt == prompt


@given(plans(), FIRST_WORLDS)
def test_g1_nothing_is_sent_before_the_last_input_guardrail_has_passed(plan: Plan, first_world: int) -> None:
    """G1: one after another, each shown what the one before made of the prompt, and every call carries the last word."""
    for done in runs(plan, first_world):
        assert_prompt_approved(done)


@given(cases(), worlds())
def test_g1_nothing_is_sent_before_in_planned_runs(case: Case, world: World) -> None:
    """G1: the same for what planning makes of specs, whose input guardrails are those of all attempts that it planned."""
    assert_prompt_approved(simulate(planned(streaming(case, prompt="names: Aino")), world, case.moment))


def assert_answer_approved(done: Simulated) -> None:
    """G2, G4, G5: the answer went through all guardrails of its attempt, in order, and comes out as the last one left it."""
    answer = ended(done)
    if not isinstance(answer, Served):
        return
    node = served_by(done, answer)
    texts = [event.transcript for _, event in done.events if isinstance(event, Answered) and event.attempt == answer.attempt]
    current, checks = texts[0], {each.asked.guardrail.name: each for each in seen(done) if each.asked.transcript is not None}
    assert [name for name in (step.name for step in node.guardrails) if name in checks] == [*checks]
    for step in node.guardrails:
        if step.name not in checks:
            assert step.on_error == "allow"  # its time was over before it began
            assert step.name in answer.unchecked
            continue
        shown, verdict = checks[step.name]
        assert shown.guardrail == step
        assert shown.transcript == current
        assert isinstance(verdict, Passed) or (isinstance(verdict, Broke) and step.on_error == "allow")
        current = verdict.transcript if isinstance(verdict, Passed) and verdict.transcript is not None else current
    assert answer.transcript == current


@given(plans(), FIRST_WORLDS)
def test_g2_every_answer_comes_through_all_guardrails_of_its_attempt(plan: Plan, first_world: int) -> None:
    """G2, G5: from whichever tree and as good or poor as it is; nothing that no guardrail approved is returned."""
    for done in runs(plan, first_world):
        assert_answer_approved(done)


@given(cases(), worlds(), st.booleans())
def test_g5_what_is_returned_is_what_the_last_guardrail_approved_in_planned_runs(case: Case, world: World, stream: bool) -> None:
    """G5, G2: the same for what planning makes of specs, with streams or without."""
    made = planned(streaming(case, prompt=None) if stream else case)
    assert_answer_approved(simulate(made, world, case.moment))


@given(plans(), FIRST_WORLDS)
def test_g2_no_text_is_released_that_a_guardrail_or_a_gate_has_yet_to_see(plan: Plan, first_world: int) -> None:
    """G2: text flows only from an attempt that nobody checks, and only if the caller wants it to."""
    for done in runs(replace(plan, streams=True), first_world):
        by_id = {send.attempt: send.node for send in done.sent}
        for _, command in done.commands:
            if isinstance(command, Release):
                (node,) = attempts(above(plan.root, by_id[command.attempt])[-1])
                assert not node.guardrails
                assert node.gates is None
    for quiet in runs(replace(plan, streams=False), first_world):
        assert not any(isinstance(command, Release) for _, command in quiet.commands)


@st.composite
def named_routes(draw: st.DrawFn) -> tuple[RouteNode, RouteNode, Rules]:
    """A route over another one, where every node has its own name and some guardrails; and defaults."""
    count = 0

    def named(node: RouteNode) -> RouteNode:
        nonlocal count
        count += 1
        own = draw(st.none() | st.lists(st.sampled_from(GUARDRAILS), min_size=1, max_size=2, unique=True).map(tuple))
        return replace(node, name=f"n{count}", guardrails=own, budget=None, require=None, when_all_poor=None)

    sub = rewritten(draw(routing_nodes(DEPLOYMENTS, depth=1)), named)
    main = rewritten(first_of(draw(routing_nodes((*DEPLOYMENTS, "sub", "sub"), depth=3)), use("a")), named)
    return main, sub, Rules(guardrails=draw(st.none() | st.just(("g4",)) | st.just(("g2", "g1"))))


STAGES: Mapping[str, Literal["input", "output"]] = {"g1": "output", "g2": "output", "g3": "input", "g4": "input"}


@given(named_routes(), seeds(), st.sampled_from((None, "", "names: Aino")))
def test_g3_the_guardrails_of_an_attempt_are_those_of_its_path(
    routes: tuple[RouteNode, RouteNode, Rules], seed: int, prompt: str | None
) -> None:
    """G3: all that stand on the way from the root to the attempt, innermost first and once each, and no others."""
    main, sub, defaults = routes
    rails = {name: Guardrail(kind="custom", stage=stage) for name, stage in STAGES.items()}
    spec = replace(spec_of(main, {"sub": sub}, rails), defaults=defaults)
    made = plan_of(spec, seed=seed, request=Request(route="main", options=Options(prompt=prompt)))
    own = _own_guardrails(main, sub)
    paths = [_union(each.node, own, defaults) for each in attempts(made.root)]
    assert [[step.name for step in each.guardrails] for each in attempts(made.root)] == [
        [name for name in names if STAGES[name] == "output"] for names in paths
    ]
    before = [name for name in dict.fromkeys(name for names in paths for name in names) if STAGES[name] == "input"]
    assert [step.name for step in made.input_guardrails] == ([] if prompt is None else before)


def _own_guardrails(main: RouteNode, sub: RouteNode) -> dict[str, tuple[str, ...]]:
    """What each name in a path stands for, innermost first: where `sub` is used, its root is, inside the rules of the use."""
    own: dict[str, tuple[str, ...]] = {}

    def note(node: RouteNode) -> RouteNode:
        inner = (sub.guardrails or ()) if node.use == "sub" else ()
        own[node.name or ""] = (*inner, *(node.guardrails or ()))
        return node

    rewritten(sub, note)
    rewritten(main, note)
    own["main"] = own[main.name or ""]
    return own


def _union(path: str, own: Mapping[str, tuple[str, ...]], defaults: Rules) -> list[str]:
    names = [name for label in reversed(path.split("/")) for name in own.get(label, ())]
    return [*dict.fromkeys((*names, *(defaults.guardrails or ())))]


@given(plans(), FIRST_WORLDS)
def test_g4_who_could_not_judge_blocks_or_is_named(plan: Plan, first_world: int) -> None:
    """G4: a check that broke or was late ends the run as blocked by it, or, with `on_error: allow`, is named by the answer."""
    for done in runs(plan, first_world):
        assert_named_or_blocked(done)


def assert_named_or_blocked(done: Simulated) -> None:
    """G4, for every check of the run."""
    plan, answer, checks = done.run.plan, ended(done), [*seen(done)]
    broken = [each.asked.guardrail for each in checks if isinstance(each.verdict, Broke)]
    strict = [step.name for step in broken if step.on_error == "block"]
    if strict:
        assert isinstance(answer, Unserved)
        assert (answer.kind, [answer.guardrail]) == ("blocked", strict)
    if isinstance(answer, Served):
        asked = {each.asked.guardrail.name for each in checks if not isinstance(each.verdict, Broke)}
        lenient = [
            step.name for step in (*plan.input_guardrails, *served_by(done, answer).guardrails) if step.on_error == "allow"
        ]
        assert {step.name for step in broken} <= {*answer.unchecked} <= {*lenient}
        assert len(answer.unchecked) == len({*answer.unchecked})
        assert {*lenient} - {*answer.unchecked} <= asked


# A card number in two groups: a redaction that sees either half alone leaves it standing.
SECRET = "4111 1111"
WORDS = st.lists(st.sampled_from(("pay", "with", SECRET, "now", "41")), min_size=1, max_size=5)


def hide(text: str) -> str:
    """The text without the secret."""
    return text.replace(SECRET, "[card]")


@given(WORDS, st.lists(st.integers(0, 9), max_size=9).map(sorted), st.booleans(), st.integers(1, 3))
def test_g6_a_guarded_stream_is_released_once_and_whole(words: list[str], comes_ms: list[int], races: bool, count: int) -> None:
    """G6: whatever pieces it comes in, and whoever else speaks, nothing is let out before its end, then the redacted whole."""
    rails = tuple(guardrail(f"g{place}") for place in range(count))
    one, other = attempt("a", guardrails=rails), attempt("b", guardrails=rails)
    run = drive(plan_with(race(one, other, stagger_ms=0) if races else one, streams=True))
    run = run.wakes(1, 0) if races else run
    for place, at_ms in enumerate(comes_ms):
        run = run.hears(1 + place % (2 if races else 1), at_ms)
        assert (run.commands, run.run.committed) == ((), None)
    text = " ".join(words)
    whole = Transcript(text=text, segments=tuple(Segment(text=word, start=at, end=at + 1) for at, word in enumerate(words)))
    run = run.after(Answered(attempt=1, transcript=whole), 10)
    for place in range(count):
        (asked,) = run.checking
        assert not _let_out(run)
        assert asked.transcript is not None
        assert asked.transcript == (whole if place == 0 else redact(whole, hide))
        run = run.checks(asked.check, Passed(transcript=redact(asked.transcript, hide)), 11)
    assert run.ended == Served(attempt=1, transcript=redact(whole, hide))
    assert SECRET not in redact(whole, hide).text
    assert not _let_out(run)


def _let_out(run: Driven) -> list[Command]:
    return [command for command in run.commands if isinstance(command, Release)]


def test_g6_that_each_piece_may_be_redacted_by_itself_is_false() -> None:
    """G6 (!): a secret that is cut in two is found in neither piece, so that pieces must not be let out one by one."""
    pieces = ("pay with 4111", " 1111 now")
    assert hide("".join(pieces)) == "pay with [card] now"
    assert "".join(map(hide, pieces)) == "".join(pieces)


RESPONSE_FORMATS: tuple[ResponseFormat, ...] = ("json", "text", "srt", "vtt", "verbose_json")


@given(routing_nodes(DEPLOYMENTS, depth=3), seeds(), st.sampled_from(RESPONSE_FORMATS), st.sampled_from((("segment",), ())))
def test_g7_no_format_skips_a_guardrail(
    node: RouteNode, seed: int, response_format: ResponseFormat, timestamps: tuple[Literal["segment"], ...]
) -> None:
    """G7, G2: whatever format is asked for, every planned attempt has the guardrails around it."""
    rails = {name: Guardrail(kind="custom") for name in GUARDRAILS}
    kept = rewritten(first_of(node, use("a")), lambda each: replace(each, budget=None, require=None))
    spec = replace(spec_of(kept, {}, rails), defaults=Rules(guardrails=GUARDRAILS))
    options = Options(response_format=response_format, timestamps=timestamps)
    made = plan_of(spec, seed=seed, request=Request(route="main", options=options))
    assert all({step.name for step in each.guardrails} == {*GUARDRAILS} for each in attempts(made.root))


@given(st.lists(st.sampled_from(GUARDRAILS), min_size=1, unique=True), st.sampled_from(("pii", "Custom", "regex", "custom ")))
def test_g7_what_nobody_can_carry_out_is_an_error_at_load(names: list[str], kind: str) -> None:
    """G7: an unknown kind, and a name without a guardrail, are errors at their places, whether a route uses them or not."""
    spec = spec_of(RouteNode(use="a", guardrails=(names[0],)), guardrails={name: Guardrail(kind=kind) for name in names})
    errors = {finding.path for finding in check(spec, CATALOG) if finding.severity == "error"}
    assert errors == {("guardrails", name, "kind") for name in names}
    nameless = spec_of(RouteNode(use="a", guardrails=tuple(names)), guardrails={})
    errors = {finding.path for finding in check(nameless, CATALOG) if finding.severity == "error"}
    assert errors == {("routes", "main", "guardrails", place) for place in range(len(names))}


def service(names: list[str]) -> Spec:
    """A spec for the recogniser on this machine with these guardrails around its route."""
    local = {"here": Deployment(provider="local", model="default")}
    root = RouteNode(use="here", guardrails=tuple(names) or None)
    return Spec(
        voxplan=1, deployments=local, routes={"main": root}, guardrails={name: Guardrail(kind="custom") for name in names}
    )


async def agree(_: Judged) -> Verdict:
    """Yes."""
    return Passed()


@given(st.lists(st.sampled_from(GUARDRAILS), unique=True), st.lists(st.sampled_from(GUARDRAILS), unique=True))
def test_g7_a_service_must_give_exactly_the_functions_that_the_spec_names(names: list[str], given_names: list[str]) -> None:
    """G7: a spec is not opened while somebody is missing, and a function that judges nothing is a mistake as well."""

    async def main() -> None:
        async with client.open(service(names), guardrails=dict.fromkeys(given_names, agree)):
            pass

    wrong = {*names} ^ {*given_names}
    if not wrong:
        anyio.run(main)
        return
    with pytest.raises(SpecError) as raised:
        anyio.run(main)
    assert len(raised.value.problems) == len(wrong)
    assert all(any(f"`{name}`" in problem for problem in raised.value.problems) for name in wrong)


@given(st.sampled_from(LISTABLE), st.integers(1, 9), st.booleans())
def test_f6_a_stream_that_breaks_off_ends_the_run(kind: FailureKind, fails_ms: int, races: bool) -> None:
    """F6: once its text was released, no retry, no next child and no next arm follows a call that fails, in whatever kind."""
    every = (*STAR, kind)
    speaker = attempt("a", delays_ms=(0, 0), retry_on=every, retry_on_hint=every, patience_ms=99, credential="k")
    others = (attempt("b"), attempt("c"))
    root = race(speaker, *others, stagger_ms=0, on=every) if races else first(speaker, *others, on=every)
    run = drive(plan_with(first(root, attempt("d"), on=every), streams=True)).hears(1, 0)
    assert _let_out(run) == [Release(attempt=1)]
    later = run.wakes(1, 0)
    assert later.commands == ()
    over = later.fails(1, kind, fails_ms, retry_after_ms=1, sent="no", charged="no")
    assert over.ended == Unserved(kind=kind)
    assert not over.sends


def test_f6_a_stream_that_ends_well_is_served_as_it_came() -> None:
    """F6: the whole of what was released is the answer."""
    run = drive(plan_with(first(attempt("a"), attempt("b")), streams=True)).hears(1, 1).hears(1, 2)
    assert run.commands == ()
    assert run.answers(1, 3, "as it came").ended == Served(attempt=1, transcript=transcript("as it came"))
