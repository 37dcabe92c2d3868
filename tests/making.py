"""Short ways to make the engine's values in tests; whatever a test does not say has the plainest value there is."""

from tests.plans import attempt, failure, first, guardrail, plan_of, race, transcript
from voxplan.engine.language.spec import Deployment, RouteNode, Rules, Spec
from voxplan.engine.observed.view import EMPTY_VIEW, View
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.plan import Plan
from voxplan.engine.plans.planning import plan
from voxplan.engine.plans.router import Router
from voxplan.engine.runs.run import Observation, Send
from voxplan.engine.terms.capability import Capabilities, ProviderFacts
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.request import Request

__all__ = (
    "ABLE_TO_ALL",
    "CATALOG",
    "attempt",
    "failure",
    "first",
    "guardrail",
    "observation",
    "plan_of",
    "planned",
    "race",
    "router",
    "send",
    "spec",
    "transcript",
    "use",
)

ABLE_TO_ALL = Capabilities(
    languages="any",
    segments=True,
    words=True,
    diarization=True,
    prompt=True,
    temperature=True,
    streaming=True,
    languages_hint=True,
    keywords=True,
    known_speakers=True,
    logprobs=True,
    chunking_strategy=True,
    translate=True,
)
ABLE = Capabilities(segments=True, words=True, prompt=True, temperature=True)
CATALOG = {
    "any": ProviderFacts(provider="any", needs_key=False, otherwise=ABLE),
    "english": ProviderFacts(provider="english", needs_key=False, otherwise=Capabilities(languages=("en",))),
    "keyed": ProviderFacts(provider="keyed", otherwise=ABLE),
    "hosted": ProviderFacts(provider="hosted", needs_key=False, needs_base_url=True, otherwise=ABLE),
    "bare": ProviderFacts(provider="bare", needs_key=False, takes_key=False, takes_base_url=False),
}


def send(deployment: str, *, at_ms: int = 0, until_ms: int = 1000, despite_cooling: bool = False) -> Send:
    """The command for a first call."""
    return Send(
        attempt=1,
        node=f"r/{deployment}",
        deployment=deployment,
        credential=deployment,
        number=1,
        at_ms=at_ms,
        until_ms=until_ms,
        whole=True,
        despite_cooling=despite_cooling,
    )


def observation(
    deployment: str,
    kind: FailureKind | None = None,
    *,
    started_ms: int = 0,
    ended_ms: int = 100,
    whole: bool = True,
    retry_after_ms: int | None = None,
) -> Observation:
    """One finished call; a success unless `kind` says otherwise."""
    return Observation(
        deployment=deployment,
        credential=deployment,
        started_ms=started_ms,
        ended_ms=ended_ms,
        kind=kind,
        whole=whole,
        retry_after_ms=retry_after_ms,
    )


def use(name: str) -> RouteNode:
    """A `use` of a deployment or a route."""
    return RouteNode(use=name)


def spec(routes: dict[str, RouteNode], *deployments: str, provider: str = "any", defaults: Rules | None = None) -> Spec:
    """A spec of these routes; each deployment is one of `provider`."""
    return Spec(
        voxplan=1,
        deployments={name: Deployment(provider=provider, model="m") for name in deployments},
        routes=routes,
        defaults=defaults or Rules(),
    )


def router(root: RouteNode, *deployments: str, defaults: Rules | None = None) -> Router:
    """The router of a spec whose one route is `r`."""
    return compile_checked(spec({"r": root}, *deployments, defaults=defaults), CATALOG)


def planned(root: RouteNode, *deployments: str, view: View = EMPTY_VIEW, moment_ms: int = 0, seed: int = 1) -> Plan:
    """The plan of route `r` with this root, which must exist."""
    return plan(router(root, *deployments), Request(route="r"), view, moment_ms, seed).unwrap()
