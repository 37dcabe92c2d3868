"""`GET /v1/models`: the routes that a caller may ask for, as OpenAI lists models."""

import msgspec

from voxplan.io_shell.gateway.envelopes import Refused, unknown_model
from voxplan.io_shell.gateway.turns import Turn, json_reply

__all__ = ("Model", "ModelList", "model", "models")


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One route. OpenAI's clients want a moment at which it was made; nobody knows one."""

    id: str
    object: str = "model"
    created: int = 0
    owned_by: str = "voxplan"


class ModelList(msgspec.Struct, frozen=True, kw_only=True):
    """All that the caller may ask for."""

    data: tuple[Model, ...]
    object: str = "list"


async def models(turn: Turn) -> None:
    """The names that callers use: where the policy came with names of its own, those and no others."""
    listed = tuple(Model(id=name) for names in turn.opened.policy.names(turn.caller).values() for name in names)
    await turn.reply(json_reply(ModelList(data=listed), headers=turn.named))


async def model(turn: Turn) -> None:
    """One of those that are listed, by any name that a transcription may call it."""
    policy, asked = turn.opened.policy, str(turn.request.path_params["model"])
    route, names = policy.named(asked), policy.names(turn.caller)
    if route not in names:
        raise Refused(unknown_model(asked, (name for known in names.values() for name in known)))
    await turn.reply(json_reply(Model(id=asked if asked in names[route] else names[route][0]), headers=turn.named))
