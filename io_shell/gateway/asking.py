"""What one caller asks for, by the names of the policy in force, within what the caller's key allows."""

from collections.abc import Collection, Sequence
from itertools import chain
from typing import Final

from msgspec.structs import replace

from voxplan.engine.plans.router import Router
from voxplan.engine.terms.spelling import quoted, suggestion
from voxplan.io_shell.gateway.callers import Caller
from voxplan.io_shell.gateway.envelopes import Refused, stated, unknown_model
from voxplan.io_shell.gateway.fields import Asked, asked_fields
from voxplan.io_shell.gateway.policies import Policy
from voxplan.io_shell.gateway.reach import in_reach
from voxplan.io_shell.gateway.turns import Turn
from voxplan.io_shell.options import TranscribeOptions

__all__ = ("asked_by",)

_MODEL: Final = "model"


def asked_by(turn: Turn, fields: Sequence[tuple[str, str]]) -> Asked:
    """What the form asks for. Raises FieldProblem for a field that is at fault, Refused for what the caller may not."""
    policy, caller = turn.opened.policy, turn.caller
    addressed = turn.request.path_params.get(_MODEL)
    asked = asked_fields(fields, turn.request.headers, model=addressed, unknown_fields=policy.gateway.unknown_fields)
    route = policy.named(asked.model)
    there = route in policy.router.routes and caller.may_name(route)
    turn.entry.asked(asked.model, route if there else None, stream=asked.stream, user=asked.options.get("user"))
    if not there:
        known = chain.from_iterable(policy.names(caller).values())
        raise Refused(unknown_model(asked.model, known))
    for field in ("simulate", "mock_testing_fallbacks"):
        if asked.options.get(field) and not caller.may_simulate:
            raise Refused(stated(403, f"this key may not `{field}`", param=field, code="not_allowed"))
    _require_reached(policy.router, caller, asked.options.get("simulate") or ())
    wanted = asked.options.get("fallbacks", ())
    _require_allowed(policy, caller, wanted)
    fallbacks = tuple(map(policy.named, wanted))
    given = TranscribeOptions(route=route, fallbacks=fallbacks, key=caller.key, key_tags=caller.tags, allowed=caller.allowed)
    return replace(asked, options={**asked.options, **given})


def _require_reached(router: Router, caller: Caller, simulated: Collection[str]) -> None:
    """What a caller has nothing to do with is told like what does not exist."""
    if caller.allowed is None:
        return
    deployments = in_reach(router, caller).deployments
    known = {*deployments, *(deployment.provider for deployment in deployments.values())}
    for name in simulated:
        if name not in known:
            message = f"no deployment or provider to simulate failures of: {quoted(name)}{suggestion(name, known)}"
            raise Refused(stated(400, message, param="simulate", code="invalid_value"))


def _require_allowed(policy: Policy, caller: Caller, fallbacks: Sequence[str]) -> None:
    """What a caller may not name is told like what does not exist, as for the model: names are nobody's business either."""
    if caller.allowed is None:
        return
    for name in fallbacks:
        if not caller.may_name(policy.named(name)):
            known = {*chain.from_iterable(policy.names(caller).values()), *(set(caller.allowed) - policy.router.routes.keys())}
            message = f"no deployment or route for the fallback {quoted(name)}{suggestion(name, known)}"
            raise Refused(stated(400, message, param="fallbacks", code="model_not_found"))
