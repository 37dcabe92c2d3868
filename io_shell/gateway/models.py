"""`GET /v1/models`: the routes that a caller may ask for, as OpenAI lists models."""

from voxplan.io_shell.gateway.turns import Turn, json_reply

__all__ = ("models",)


async def models(turn: Turn) -> None:
    """The names that callers use: where the policy came with names of its own, those."""
    policy = turn.opened.policy
    told = {route: name for name, route in policy.model_names.items()}
    names = [told.get(route, route) for route in policy.router.routes if turn.caller.may_name(route)]
    listed = [{"id": name, "object": "model", "created": 0, "owned_by": "voxplan"} for name in names]
    await turn.reply(json_reply({"object": "list", "data": listed}, headers=turn.named))
