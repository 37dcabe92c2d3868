"""Laws G1-G7: what is checked before anything is sent and before anything is returned, and that nothing gets round it."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.laws.cases import Case, cases, compiled, first, nodes, plan_of, planned, race, result_of, spec_of, use
from tests.laws.shell import Scripted
from tests.laws.simulation import Simulated, simulate
from tests.laws.worlds import BLANK, GOOD, Call, Judgement, Says, World, marked
from tests.strategies import CATALOG, DEPLOYMENTS, GUARDRAILS, requests, routing_specs, seeds, worlds
from tests.virtual_time import run_virtually
from voxplan.engine.checks.checking import check
from voxplan.engine.language.spec import Accept, Guardrail, RouteNode, Spec
from voxplan.engine.observed.view import EMPTY_VIEW
from voxplan.engine.plans.plan import Attempt, Plan, attempts
from voxplan.engine.runs.driving import advance, begin
from voxplan.engine.runs.run import Answered, Check, Checked, Passed, Release, Send, Served, Unserved
from voxplan.engine.terms.quantity import Span
from voxplan.engine.terms.request import Options, Request
from voxplan.engine.terms.transcript import Transcript
from voxplan.io_shell.clock import LoopClock
from voxplan.io_shell.running import run_plan

PROMPTED = Request(route="main", options=Options(prompt="names: Aino"))
STREAMED = Request(route="main", options=Options(stream=True))


def guarded(main: RouteNode, **guardrails: Guardrail) -> Spec:
    """A spec with these guardrails, all of which stand around `main`."""
    return spec_of(replace(main, guardrails=tuple(guardrails)), guardrails=guardrails)


def served(done: Simulated) -> Served | None:
    """The answer of the run, if it has one."""
    assert done.run.finished is not None
    return done.run.finished.ended if isinstance(done.run.finished.ended, Served) else None


@given(cases(), worlds())
def test_g1_input_guardrails_have_passed_before_anything_is_sent(case: Case, world: World) -> None:
    """G1: every input guardrail of the plan has judged the prompt when the first call goes out; when one blocks, none does."""
    prompted = replace(case.request, options=replace(case.request.options, prompt="names: Aino"))
    made = planned(case._replace(request=prompted))
    done = simulate(made, world, case.moment)
    around = {*(case.spec.defaults.guardrails or ()), *(case.spec.routes[case.request.route].guardrails or ())}
    assert {step.name for step in made.input_guardrails} >= {
        name for name in around if case.spec.guardrails[name].stage == "input"
    }
    waiting = [step.name for step in made.input_guardrails]
    for _, each in done.moments:
        if isinstance(each, Check) and each.transcript is None:
            assert each.guardrail.name == waiting.pop(0)
        if isinstance(each, Send):
            assert not [name for name in waiting if name not in done.run.unchecked]
    if done.trace.guardrail in {step.name for step in made.input_guardrails}:
        assert not done.sent


@given(st.sampled_from(("passes", "redacts", "blocks", "breaks")), st.sampled_from(("block", "allow")), worlds())
def test_g1_a_prompt_goes_out_as_the_guardrails_left_it(says: Says, on_error: str, world: World) -> None:
    """G1: what a guardrail makes of the prompt is what every call gets; a prompt that is blocked leaves no call at all."""
    rail = Guardrail(kind="custom", stage="input", on_error="allow" if on_error == "allow" else "block")
    made = plan_of(guarded(first(use("a"), race(use("b"), use("c"))), g1=rail), request=PROMPTED)
    done = simulate(made, world._replace(judgements={"g1": Judgement(3, says)}, cancel_ms=None))
    if says == "blocks" or (says == "breaks" and on_error == "block"):
        assert not done.sent
        assert (done.trace.kind, done.trace.guardrail) == ("blocked", "g1")
    else:
        assert {send.prompt for send in done.sent} <= {marked("", "g1") if says == "redacts" else None}
        assert all(send.at_ms >= 3 for send in done.sent)


def test_g1_without_a_prompt_there_is_nothing_to_check() -> None:
    """G1: a request without a prompt passes no input guardrail; one with an empty prompt does (T6)."""
    spec = guarded(use("a"), g1=Guardrail(kind="custom", stage="input"))
    assert not plan_of(spec).input_guardrails
    assert [step.name for step in plan_of(spec, request=Request(route="main", options=Options(prompt=""))).input_guardrails] == [
        "g1"
    ]


@given(cases(), worlds(), st.booleans())
def test_g2_no_answer_gets_round_an_output_guardrail(case: Case, world: World, stream: bool) -> None:
    """G2: whatever is returned, each output guardrail of its attempt has passed it, or could not judge it and allows that.

    So it is with races, fallbacks, poor answers and streams: of a guarded attempt no text is released before its end.
    """
    asked = replace(case.request, options=replace(case.request.options, stream=stream))
    made = planned(case._replace(request=asked))
    done = simulate(made, world, case.moment)
    by_node = {attempt.node: attempt for attempt in attempts(made.root)}
    answer = served(done)
    if answer is not None:
        attempt = by_node[next(send.node for send in done.sent if send.attempt == answer.attempt)]
        passed = [judged.guardrail for judged in done.trace.judged if judged.says in {"passes", "redacts"}]
        for step in attempt.guardrails:
            assert step.name in passed or (step.on_error == "allow" and step.name in answer.unchecked)
    for _, command in done.commands:
        if isinstance(command, Release):
            released = by_node[next(send.node for send in done.sent if send.attempt == command.attempt)]
            assert not released.guardrails
            assert released.gates is None


@given(routing_specs(), requests(), seeds(), st.sampled_from(GUARDRAILS))
def test_g3_a_guardrail_outside_holds_for_everything_inside(spec: Spec, request: Request, seed: int, name: str) -> None:
    """G3: inheritance is union: a guardrail around all routes is on every attempt, once, and takes no inner one away."""
    wrapped = replace(spec, defaults=replace(spec.defaults, guardrails=(name, *(spec.defaults.guardrails or ()))))
    before, after = (result_of(compiled(each), request, EMPTY_VIEW, 0, seed) for each in (spec, wrapped))
    if isinstance(before, Plan) and isinstance(after, Plan):
        output = spec.guardrails[name].stage == "output"
        for inner, outer in zip(attempts(before.root), attempts(after.root), strict=True):
            names = [step.name for step in outer.guardrails]
            assert len(names) == len({*names})
            assert (name in names) == output
            assert [each for each in names if each != name] == [step.name for step in inner.guardrails if step.name != name]


def test_g3_innermost_first_and_each_name_once() -> None:
    """G3: inner guardrails judge before outer ones; a name that stands twice judges once, at its inner place."""
    inner = replace(use("a"), guardrails=("g2", "g1"))
    made = plan_of(spec_of(replace(first(inner), guardrails=("g3", "g1"))))
    (attempt,) = attempts(made.root)
    assert [step.name for step in attempt.guardrails] == ["g2", "g1", "g3"]
    done = simulate(made, World(judgements={name: Judgement(0, "redacts") for name in GUARDRAILS}))
    assert done.trace.text == f"{GOOD}[g2][g1][g3]"


@given(
    st.sampled_from(("block", "allow")), st.sampled_from(("input", "output")), st.none() | st.integers(0, 30), st.integers(1, 20)
)
def test_g4_a_guardrail_that_breaks_or_is_late_blocks_unless_it_allows_that(
    on_error: str, stage: str, takes_ms: int | None, timeout_ms: int
) -> None:
    """G4: an error and a time-out are one: blocked, or with `on_error: allow` served with the guardrail named as unchecked."""
    rail = Guardrail(
        kind="custom",
        stage="input" if stage == "input" else "output",
        on_error="allow" if on_error == "allow" else "block",
        timeout=Span(timeout_ms),
    )
    made = plan_of(guarded(use("a"), g1=rail), request=PROMPTED)
    done = simulate(made, World(judgements={"g1": Judgement(takes_ms, "breaks")}))
    answer = served(done)
    assert done.trace.end_ms == (timeout_ms if takes_ms is None else min(takes_ms, timeout_ms))
    if on_error == "allow":
        assert answer is not None
        assert answer.unchecked == ("g1",)
    else:
        assert (done.trace.kind, done.trace.guardrail) == ("blocked", "g1")


@given(st.integers(1, 30), st.integers(0, 30), st.integers(0, 30))
def test_g4_a_guardrail_has_its_timeout_or_what_is_left_of_the_deadline(deadline_ms: int, takes_ms: int, judges_ms: int) -> None:
    """G4: a verdict counts at its last moment and not later; when the deadline has come, nobody is asked, and nothing passes."""
    spec = guarded(replace(use("a"), deadline=Span(deadline_ms)), g1=Guardrail(kind="custom", timeout=Span(10)))
    done = simulate(plan_of(spec), World({("a", 1): Call(takes_ms)}, judgements={"g1": Judgement(judges_ms)}))
    if takes_ms > deadline_ms:
        assert done.trace.kind == "timed_out"
        return
    until_ms = min(takes_ms + 10, deadline_ms)
    in_time = takes_ms < deadline_ms and takes_ms + judges_ms <= until_ms
    assert (done.trace.served is not None) == in_time
    assert in_time or (done.trace.kind, done.trace.guardrail) == ("blocked", "g1")
    assert [check.until_ms for _, check in done.commands if isinstance(check, Check)] == (
        [until_ms] if takes_ms < deadline_ms else []
    )


@given(cases(), worlds())
def test_g5_what_is_returned_is_exactly_what_the_last_guardrail_approved(case: Case, world: World) -> None:
    """G5: each guardrail gets what the one before it made of the answer, and the last word is returned, to the last field."""
    done = simulate(planned(case), world, case.moment)
    answer = served(done)
    if answer is None:
        return
    trail = {send.attempt: send for send in done.sent}[answer.attempt]
    current: Transcript = Transcript(text=world.call(trail.deployment, trail.number).text)
    asked: dict[int, Check] = {}
    for _, each in done.moments:
        if isinstance(each, Check) and each.transcript is not None:
            asked[each.check] = each
            assert each.transcript == current
        if isinstance(each, Checked) and each.check in asked and isinstance(each.verdict, Passed):
            current = each.verdict.transcript or current
    assert answer.transcript == current


DELTAS = st.lists(st.none() | st.integers(0, 8), min_size=3, max_size=3)


@given(
    DELTAS,
    DELTAS,
    st.lists(st.integers(0, 8), min_size=3, max_size=3),
    st.sampled_from(("passes", "redacts", "blocks", "breaks")),
)
def test_g6_however_a_stream_is_cut_a_guarded_text_is_that_of_the_whole(
    one: list[int | None], other: list[int | None], takes: list[int], says: Says
) -> None:
    """G6: guardrails here judge whole texts, so a guarded stream is held to its end: when its pieces come changes nothing."""
    made = plan_of(guarded(race(use("a"), use("b"), use("c"), stagger_ms=2), g1=Guardrail(kind="custom")), request=STREAMED)

    def run(deltas: list[int | None]) -> Simulated:
        calls = {(name, 1): Call(takes_ms, delta_ms=at) for name, takes_ms, at in zip("abc", takes, deltas, strict=True)}
        return simulate(made, World(calls, judgements={"g1": Judgement(1, says)}))

    assert run(one).trace == run(other).trace == run([None, None, None]).trace
    assert run(one).trace.released is None


@given(DELTAS, st.sampled_from((Accept(not_empty=True), Accept(max_compression_ratio=2.4))))
def test_g6_text_under_gates_is_held_too(deltas: list[int | None], accept: Accept) -> None:
    """G6: an answer that may still turn out to be poor is released no earlier than whole."""
    made = plan_of(spec_of(replace(first(use("a"), use("b")), accept=accept)), request=STREAMED)
    done = simulate(made, World({("a", 1): Call(5, BLANK, delta_ms=deltas[0]), ("b", 1): Call(5, delta_ms=deltas[1])}))
    assert done.trace.released is None
    assert done.trace.text == GOOD


def test_g7_a_guardrail_of_an_unknown_kind_is_refused_at_load() -> None:
    """G7: what nobody can carry out is an error that names the kinds there are; so is a name that no guardrail has."""
    unknown = check(guarded(use("a"), g1=Guardrail(kind="pii")), CATALOG)
    assert [(each.severity, each.path) for each in unknown] == [("error", ("guardrails", "g1", "kind"))]
    assert "`custom`" in unknown[0].message
    missing = check(spec_of(replace(use("a"), guardrails=("g9",))), CATALOG)
    assert [each.path for each in missing if each.severity == "error"] == [("routes", "main", "guardrails", 0)]


def test_g7_a_guardrail_that_nobody_carries_out_blocks() -> None:
    """G7: a shell without a judge, or with one that raises, does not skip the check: the run is blocked."""

    async def raises(check: Check) -> Passed:
        raise ValueError(check.guardrail.name)

    made = plan_of(guarded(use("a"), g1=Guardrail(kind="custom")))

    async def run() -> tuple[Served | Unserved, Served | Unserved]:
        scripted = Scripted(World())
        scripted.clock = LoopClock(0)
        without = await run_plan(made, scripted.perform, scripted, scripted.clock)
        broken = await run_plan(made, scripted.perform, scripted, scripted.clock, (), raises)
        return without.ended, broken.ended

    for ended in run_virtually("trio", run):
        assert isinstance(ended, Unserved)
        assert (ended.kind, ended.guardrail) == ("blocked", "g1")


@given(routing_specs(), requests(), seeds())
def test_g2_the_plan_says_for_each_attempt_what_checks_its_answer(spec: Spec, request: Request, seed: int) -> None:
    """G2: with output guardrails in `defaults`, no planned attempt is without them: fallbacks, races and retries included."""
    rails = {name: replace(rail, stage="output") for name, rail in spec.guardrails.items()}
    spec = replace(spec, guardrails=rails, defaults=replace(spec.defaults, guardrails=GUARDRAILS))
    result = result_of(compiled(spec), request, EMPTY_VIEW, 0, seed)
    for node in nodes(result.root) if isinstance(result, Plan) else ():
        assert not isinstance(node, Attempt) or {step.name for step in node.guardrails} == {*GUARDRAILS}


@given(st.permutations(DEPLOYMENTS), st.integers(0, 3))
def test_g2_the_best_poor_answer_passes_its_guardrails_as_well(names: list[str], takes_ms: int) -> None:
    """G2: an answer that failed its gates is returned only as its guardrails left it, and not at all when they block it."""
    root = replace(first(*(use(name) for name in names)), accept=Accept(not_empty=True))
    made = plan_of(guarded(root, g1=Guardrail(kind="custom")))
    calls = {(name, 1): Call(takes_ms, BLANK) for name in DEPLOYMENTS}
    redacted, blocked = (simulate(made, World(calls, judgements={"g1": Judgement(0, says)})).trace for says in SAYS)
    assert (redacted.poor, redacted.text) == (True, marked(BLANK, "g1"))
    assert (blocked.served, blocked.kind, blocked.guardrail) == (None, "blocked", "g1")


SAYS: tuple[Says, Says] = ("redacts", "blocks")


def test_g4_verdicts_that_come_too_late_are_no_verdicts() -> None:
    """G4: the driver itself counts a verdict after its last moment as none, whatever a shell reports."""
    made = plan_of(guarded(use("a"), g1=Guardrail(kind="custom", timeout=Span(5))))
    run, _ = begin(made, 0)
    run, commands = advance(run, Answered(attempt=1, transcript=Transcript(text=GOOD)), 1)
    (asked,) = [command for command in commands if isinstance(command, Check)]
    run, _ = advance(run, Checked(check=asked.check, verdict=Passed()), asked.until_ms + 1)
    assert run.finished is not None
    assert isinstance(run.finished.ended, Unserved)
    assert run.finished.ended.guardrail == "g1"
