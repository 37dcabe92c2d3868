"""What a config says to the server and not to the routing: keys, names of models, and limits, for which the spec has room."""

from collections.abc import Mapping
from typing import Final

import msgspec

from voxplan.engine.documents.tree import Place
from voxplan.engine.language.gateway import Gateway
from voxplan.engine.terms.quantity import Size
from voxplan.io_shell.litellm.known_keys import GENERAL_KEYS
from voxplan.io_shell.litellm.sections import Section, by_reference
from voxplan.io_shell.litellm.variables import Variables

__all__ = ("GatewaySettings", "gateway_settings")

_MASTER_KEY: Final = "LITELLM_MASTER_KEY"

_MEBIBYTE: Final = 1 << 20
_MOST_REQUESTS: Final = 100_000  # as the language has it
_KNOWN_TO_ALL: Final = frozenset({"sk-1234"})  # LiteLLM's documentation has it, and LiteLLM refuses to start with it


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a server of the config needs beside the spec.

    `master_key` is a reference, and stands at `master_key_at`; `variables` are the values that stand in the
    config itself, by the name of the variable that the spec has for each: secrets, which no message and no `repr` shows.
    `model_names` maps the names that LiteLLM's callers use to the routes; `section` is what the spec says to its gateway.
    """

    master_key: str | None = None
    master_key_at: Place = Place(1, 1)
    section: Gateway = Gateway()
    model_names: Mapping[str, str] = {}
    variables: Mapping[str, str] = {}

    def __repr__(self) -> str:
        """Without what is secret."""
        return f"GatewaySettings(master_key={self.master_key!r}, variables={sorted(self.variables)!r}, …)"


def gateway_settings(general: Section, variables: Variables, model_names: Mapping[str, str]) -> GatewaySettings:
    """What `general_settings` say, with the variables that were named until now."""
    made = GatewaySettings(
        master_key=_master_key(general, variables),
        master_key_at=general.at("master_key"),
        section=_section(general),
        model_names=dict(model_names),
        variables=dict(variables.values),
    )
    if general.flag(_MOCK_TESTING):
        general.warn(
            _MOCK_TESTING, f"`{_MOCK_TESTING}` is not carried over: here the master key may simulate, and no switch is needed"
        )
    general.tell_left(GENERAL_KEYS, ("master_key", _MOCK_TESTING, *_LIMITS))
    return made


_MOCK_TESTING: Final = "dangerously_allow_mock_testing_request_params"
_IN_FLIGHT: Final = ("max_in_flight_requests_per_worker", "global_max_parallel_requests")
_LIMITS: Final = ("max_request_size_mb", *_IN_FLIGHT, "max_queued_requests_per_worker")


def _section(general: Section) -> Gateway:
    """The limits; those that the config does not say are ours."""
    ours = Gateway()
    megabytes = general.number("max_request_size_mb")
    in_flight = [general.whole(key, 1, _MOST_REQUESTS) for key in _IN_FLIGHT]
    queue = general.whole("max_queued_requests_per_worker", 0, _MOST_REQUESTS)
    return Gateway(
        largest_upload=Size(int(min(megabytes, _MEBIBYTE) * _MEBIBYTE)) if megabytes else ours.largest_upload,
        in_flight=next((each for each in in_flight if each is not None), ours.in_flight),
        queue=ours.queue if queue is None else queue,
    )


def _master_key(general: Section, variables: Variables) -> str | None:
    key = general.text("master_key")
    if key is None:
        return None
    name = by_reference(key)
    if not name:
        name = variables.named(key, _MASTER_KEY)
        known = "; this one is known to everybody: take another" if key in _KNOWN_TO_ALL else ""
        said = "`master_key` stands in the file, and is not in the spec"
        general.warn("master_key", f"{said}: set the environment variable `{name}` to it{known}", "import")
        if known:
            general.warn("master_key", "`master_key` is one that is known to everybody: take another", "serve")
    else:
        general.warn("master_key", "`master_key` is not in the spec: it is a matter of the server that runs it", "import")
    return f"${{{name}}}"
