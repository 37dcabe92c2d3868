from msgspec.structs import replace

from voxplan.engine.language.spec import Account, Deployment, Price, RouteNode, Spec
from voxplan.engine.observed.view import EMPTY_VIEW
from voxplan.engine.plans.plan import attempts, digest
from voxplan.engine.terms.quantity import Money
from voxplan.engine.terms.request import AudioFacts, KnownSpeaker, Options, Request
from voxplan.io_shell.loading import load
from voxplan.io_shell.plan_report import PlanReport, likely_costs, named_only, plan_report, public_credential

SERVER = Deployment(provider="openai_compatible", model="m", base_url="http://internal.example/v1", api_key="${SERVER_KEY}")
ROUTER = load(
    Spec(
        voxplan=1,
        accounts={"cloud": Account(provider="openai")},
        deployments={
            "one": SERVER,
            "two": replace(SERVER, price=Price(per_minute=Money(60_000_000))),
            "cloudy": Deployment(account="cloud", model="gpt-4o-transcribe"),
            "local": Deployment(provider="local", model="default"),
        },
        routes={
            "all": RouteNode(first=tuple(RouteNode(use=name) for name in ("one", "two", "cloudy", "local"))),
            "single": RouteNode(use="two"),
        },
    )
)
ASKED = Request(route="all", audio=AudioFacts(seconds=30.0))


def report(request: Request = ASKED) -> PlanReport:
    """What would happen."""
    return plan_report(ROUTER, request, EMPTY_VIEW, 5, 7)


def test_a_plan_is_told_with_its_digest_and_what_follows() -> None:
    """And with what it was made from."""
    found = report()
    assert found.plan is not None
    assert found.digest == digest(found.plan)
    assert (found.request, found.moment_ms, found.seed, found.refusal) == (ASKED, 5, 7, None)
    assert {edge.source for edge in found.edges} == {"all/one", "all/two", "all/cloudy", "all/local"}


def test_a_refusal_is_told_instead() -> None:
    """With no plan beside it."""
    found = report(replace(ASKED, options=Options(diarize=True), route="single"))
    assert (found.plan, found.digest, found.edges) == (None, None, ())
    assert found.refusal is not None


def test_what_calls_probably_cost() -> None:
    """Where price and length are known; only what is planned; estimates alone where they are asked for."""
    assert report().likely_costs.keys() == {"two", "cloudy", "local"}
    assert report().likely_costs["two"] == 30_000_000
    assert report(replace(ASKED, route="single")).likely_costs.keys() == {"two"}
    assert likely_costs(ROUTER, ASKED.audio, estimates_only=True).keys() == {"cloudy"}
    assert likely_costs(ROUTER, AudioFacts()).keys().isdisjoint({"one", "two", "cloudy"})


def test_credentials_have_public_names() -> None:
    """Accounts have theirs; deployments that share a key have that of the first, by name."""
    assert public_credential(ROUTER, "account cloud") == "account cloud"
    shared = ROUTER.deployments["two"].credential
    assert "internal.example" in shared
    assert (public_credential(ROUTER, shared), public_credential(ROUTER, "local")) == ("one", "local")


def test_only_names_are_left_for_callers() -> None:
    """In the whole tree; the digest is still that of the plan that would be carried out."""
    voices = Options(known_speakers=(KnownSpeaker(name="Ann", reference="data:audio/wav;base64,UklGRg=="),))
    found = report(replace(ASKED, options=voices, route="all"))
    plain = report()
    shown = named_only(plain, ROUTER)
    assert plain.plan is not None
    assert shown.plan is not None
    assert [attempt.credential for attempt in attempts(shown.plan.root)] == ["one", "one", "account cloud", "local"]
    assert shown.digest == plain.digest
    assert named_only(found, ROUTER).request.options.known_speakers == (KnownSpeaker(name="Ann", reference=""),)
