"""Entries for any model (`openai/*`): a spec has a route for each model that it serves, so each needs its name."""

import re
from collections.abc import Iterable, Iterator

import msgspec

from voxplan.adapters.catalog import CATALOG
from voxplan.engine.terms.spelling import quoted
from voxplan.io_shell.litellm.deployments import Member
from voxplan.io_shell.litellm.providers import is_name, transcribes
from voxplan.io_shell.litellm.remarks import Remarks

__all__ = ("is_wildcard", "written_out")


def is_wildcard(member: Member) -> bool:
    """Whether the entry is for any model."""
    return "*" in member.group or "*" in member.deployment.model


def written_out(wildcards: Iterable[Member], wanted: Iterable[str], there: set[str], remarks: Remarks) -> Iterator[Member]:
    """An entry for each model that is `wanted` by name, and for each that voxplan knows, unless it is `there` already."""
    names = tuple(wanted)
    for each in wildcards:
        found = {name: model for name in names if (model := _model(each, name)) is not None}
        if each.group.count("*") == 1 and each.deployment.model == "*":
            found |= {each.group.replace("*", model): model for model, _ in CATALOG[each.provider].models}
        fresh = {
            name: model
            for name, model in found.items()
            if name not in there and is_name(model) and transcribes(each.provider, model, None)
        }
        what = f"the {len(fresh)} models that are known" if fresh else "no model, because none is known"
        remarks.warn(each.place, f"{quoted(each.group)} is for any model; a spec names each: it is carried over for {what}")
        yield from (_for(each, name, model) for name, model in fresh.items())


def _model(wildcard: Member, name: str) -> str | None:
    """The model that LiteLLM would ask for under this name."""
    pattern = "(.*)".join(map(re.escape, wildcard.group.split("*", 1)))
    found = re.fullmatch(pattern, name, re.DOTALL)
    if found is None:
        return None
    model = wildcard.deployment.model
    return model.replace("*", found[1] if found.groups() else "", 1)


def _for(wildcard: Member, name: str, model: str) -> Member:
    deployment = msgspec.structs.replace(wildcard.deployment, model=model)
    return msgspec.structs.replace(
        wildcard, group=name, deployment=deployment, wanted_name=f"{wildcard.prefix}-{model.rpartition('/')[2]}", remarks=()
    )
