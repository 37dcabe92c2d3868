"""What would happen to a request, as one JSON object: `voxplan plan --json` prints it, and the gateway answers with it."""

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec.structs import replace
from returns.result import Failure

from voxplan.engine.observed.view import View
from voxplan.engine.plans.edges import Edge, edges
from voxplan.engine.plans.plan import Attempt, First, Node, Plan, Race, Refusal, attempts, digest
from voxplan.engine.plans.planning import plan
from voxplan.engine.plans.pricing import cost
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.request import AudioFacts, Request

__all__ = ("PlanReport", "likely_costs", "named_only", "plan_report", "public_credential")

_ACCOUNT: Final = "account "


class PlanReport(msgspec.Struct, frozen=True, kw_only=True):
    """One planning as one JSON object: what it was made from, and either the plan or why there is none.

    `likely_costs` are what a call probably costs, in billionths of a dollar, for the deployments of the plan whose price and
    whose audio's length are known.
    """

    request: Request
    seed: int
    moment_ms: int
    plan: Plan | None = None
    digest: str | None = None
    edges: tuple[Edge, ...] = ()
    likely_costs: Mapping[str, int] = {}
    refusal: Refusal | None = None


def plan_report(router: Router, request: Request, view: View, moment_ms: int, seed: int) -> PlanReport:
    """What would be attempted for `request`, or the reasons why nothing would. Nothing is sent."""
    report = PlanReport(request=request, seed=seed, moment_ms=moment_ms)
    planned = plan(router, request, view, moment_ms, seed)
    if isinstance(planned, Failure):
        return replace(report, refusal=planned.failure())
    found = planned.unwrap()
    names = {attempt.deployment for attempt in attempts(found.root)}
    likely = {name: nano for name, nano in likely_costs(router, request.audio).items() if name in names}
    return replace(report, plan=found, digest=digest(found), edges=edges(found), likely_costs=likely)


def likely_costs(router: Router, audio: AudioFacts, *, estimates_only: bool = False) -> dict[str, int]:
    """By deployment what a call probably costs, where that is known; with `estimates_only`, where nobody knows it for sure."""
    prices = {name: deployment.price for name, deployment in router.deployments.items()}
    costs = {name: cost(None, price, audio) for name, price in prices.items()}
    return {name: each.nano for name, each in costs.items() if each is not None and (each.estimated or not estimates_only)}


def named_only(report: PlanReport, router: Router) -> PlanReport:
    """The report for somebody who may know names and nothing else.

    A credential without an account is called by the reference to its key and by its address: both are the operator's. The voices
    of known speakers are left out, because they are long. The digest stays that of the whole plan.
    """
    request, found = report.request, report.plan
    speakers = tuple(replace(speaker, reference="") for speaker in request.options.known_speakers)
    asked = replace(request, options=replace(request.options, known_speakers=speakers))
    shown = None if found is None else replace(found, root=_named(found.root, router))
    return replace(report, request=asked, plan=shown)


def public_credential(router: Router, credential: str) -> str:
    """A credential by its account, else by the first deployment that uses it."""
    if credential.startswith(_ACCOUNT):
        return credential
    users = (name for name, deployment in router.deployments.items() if deployment.credential == credential)
    return next(users, credential)


def _named(node: Node, router: Router) -> Node:
    match node:
        case Attempt():
            return replace(node, credential=public_credential(router, node.credential))
        case First():
            return replace(node, children=tuple(_named(child, router) for child in node.children))
        case Race():
            return replace(node, arms=tuple(_named(arm, router) for arm in node.arms))
