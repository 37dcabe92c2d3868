"""What a config sets in the environment, and what it reads from there where a spec has no reference: models, numbers."""

from collections.abc import Mapping
from typing import Final

import msgspec

from voxplan.engine.documents import tree
from voxplan.engine.documents.tree import Node, Scalar, Sequence
from voxplan.engine.terms.spelling import quoted
from voxplan.io_shell.litellm.sections import Section, by_reference
from voxplan.io_shell.references import Environment

__all__ = ("filled_in", "given_variables")

_KINDS: Final = (
    *("Authentication", "BadRequest", "ContentPolicyViolation", "InternalServer", "NotFound", "RateLimit"),
    *("ServiceUnavailable", "Timeout"),
)
# No secret stands at any of these: what is read for them goes into the spec.
_PLAIN: Final = frozenset(
    {
        *("model", "custom_llm_provider", "litellm_credential_name", "base_model", "mode", "region_name", "routing_strategy"),
        *("weight", "rpm", "tpm", "order", "timeout", "request_timeout", "num_retries", "max_retries"),
        *("max_parallel_requests", "default_max_parallel_requests", "drop_params", "enable_tag_filtering", "blocked"),
        *("cooldown_time", "allowed_fails", "disable_cooldowns", "hidden", "DefaultRetries"),
        *(f"{kind}ErrorRetries" for kind in _KINDS),
        *("input_cost_per_second", "output_cost_per_second", "input_cost_per_request"),
        *("max_request_size_mb", "max_in_flight_requests_per_worker", "max_queued_requests_per_worker"),
        "global_max_parallel_requests",
    }
)


def given_variables(section: Section, environment: Environment | None) -> dict[str, str]:
    """The variables of `environment_variables`, by name; one that names another has its value, if that is known."""
    given: dict[str, str] = {}
    there = environment or {}
    for entry in section.entries():
        name, said = quoted(entry.key), _text(entry.value)
        source = by_reference(said)
        if source != entry.key:
            held = "" if source is None else f", to what `{source or '?'}` holds there"
            section.warn(entry.key, f"{name} is not carried over: set it in the environment{held}", "import")
        if source is None:
            given[entry.key] = said
            if there.get(entry.key, said) != said:
                section.warn(entry.key, f"{name} is set in the environment too, to something else, and that goes before")
        elif found := there.get(source):
            given[entry.key] = found
        elif not there.get(entry.key):
            section.warn(entry.key, f"{name} needs the environment variable `{source or '?'}`, which is not set", "serve")
    return given


def filled_in(root: Node, known: Mapping[str, str]) -> Node:
    """The document with what is `known` in place of `os.environ/NAME`, where that is no secret and no address."""
    match root:
        case tree.Mapping(entries):
            return msgspec.structs.replace(root, entries=tuple(_entry(each, known) for each in entries))
        case Sequence(items):
            return msgspec.structs.replace(root, items=tuple(filled_in(each, known) for each in items))
        case _:
            return root


def _entry(entry: tree.Entry, known: Mapping[str, str]) -> tree.Entry:
    value = entry.value
    if entry.key in _PLAIN and isinstance(value, Scalar) and isinstance(value.value, str):
        found = known.get(by_reference(value.value) or "")
        return entry if not found else msgspec.structs.replace(entry, value=msgspec.structs.replace(value, value=found))
    return msgspec.structs.replace(entry, value=filled_in(value, known))


def _text(node: Node) -> str:
    """As LiteLLM sets it."""
    return str(node.value) if isinstance(node, Scalar) else ""
