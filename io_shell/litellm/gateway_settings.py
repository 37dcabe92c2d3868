"""What a config says to the server and not to the routing: keys, limits, names of models."""

from collections.abc import Mapping
from typing import Final

import msgspec

from voxplan.io_shell.litellm.known_keys import GENERAL_KEYS
from voxplan.io_shell.litellm.sections import Section, by_reference
from voxplan.io_shell.litellm.variables import Variables

__all__ = ("GatewaySettings", "gateway_settings")

_MEBIBYTE: Final = 1 << 20
_KNOWN_TO_ALL: Final = frozenset({"sk-1234"})  # LiteLLM's documentation has it, and LiteLLM refuses to start with it
_FOR_A_SERVER: Final = "is not in the spec: it is a matter of the server that runs it"


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a server of the config needs beside the spec.

    `master_key` is a reference; `variables` are the values that stand in the config itself, by the name of the variable that
    the spec has for each: secrets, which no message and no `repr` shows. `model_names` maps the names that LiteLLM's callers
    use to the routes; the limits are None where the config says none.
    """

    master_key: str | None = None
    may_simulate: bool = False
    max_request_bytes: int | None = None
    max_in_flight: int | None = None
    max_queued: int | None = None
    model_names: Mapping[str, str] = {}
    variables: Mapping[str, str] = {}

    def __repr__(self) -> str:
        """Without what is secret."""
        return f"GatewaySettings(master_key={self.master_key!r}, variables={sorted(self.variables)!r}, …)"


def gateway_settings(general: Section, variables: Variables, model_names: Mapping[str, str]) -> GatewaySettings:
    """What `general_settings` say, with the variables that were named until now."""
    megabytes = general.number("max_request_size_mb")
    in_flight = _first(general, ("max_in_flight_requests_per_worker", "max_parallel_requests"))
    made = GatewaySettings(
        master_key=_master_key(general, variables),
        may_simulate=general.flag("dangerously_allow_mock_testing_request_params") or False,
        max_request_bytes=None if not megabytes else int(min(megabytes, _MEBIBYTE) * _MEBIBYTE),
        max_in_flight=in_flight,
        max_queued=general.whole("max_queued_requests_per_worker", 0, 10**9),
        model_names=dict(model_names),
        variables=dict(variables.values),
    )
    for key in _READ:
        if general.take(key) is not None:
            general.warn(key, f"`{key}` {_FOR_A_SERVER}")
    general.tell_left(GENERAL_KEYS, ("master_key", *_READ))
    return made


_READ: Final = (
    *("max_request_size_mb", "max_in_flight_requests_per_worker", "max_parallel_requests", "max_queued_requests_per_worker"),
    "dangerously_allow_mock_testing_request_params",
)


def _first(section: Section, keys: tuple[str, ...]) -> int | None:
    found = [section.whole(key, 1, 10**9) for key in keys]
    return next((each for each in found if each is not None), None)


def _master_key(general: Section, variables: Variables) -> str | None:
    key = general.text("master_key")
    if key is None:
        return None
    name = by_reference(key)
    if not name:
        name = variables.named(key, "LITELLM_MASTER_KEY")
        known = "; this one is known to everybody: take another" if key in _KNOWN_TO_ALL else ""
        said = "`master_key` stands in the file, and is not in the spec"
        general.warn("master_key", f"{said}: set the environment variable `{name}` to it{known}")
    else:
        general.warn("master_key", f"`master_key` {_FOR_A_SERVER}")
    return f"${{{name}}}"
