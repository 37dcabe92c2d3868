"""The way in: the text of a config.yaml, the spec that says the same, and everything that it does not say."""

from collections.abc import Iterator

import msgspec
from returns.result import Failure

from voxplan.adapters.catalog import CATALOG
from voxplan.engine.checks.checking import check
from voxplan.engine.documents import tree
from voxplan.engine.documents.document import parse_document
from voxplan.engine.documents.reading import read
from voxplan.engine.documents.tree import Node, Place
from voxplan.engine.language.spec import Spec
from voxplan.engine.terms.spelling import quoted
from voxplan.io_shell.litellm.deployments import Surroundings, member
from voxplan.io_shell.litellm.gateway_settings import GatewaySettings, gateway_settings
from voxplan.io_shell.litellm.hoisting import shared_retry, without_retry
from voxplan.io_shell.litellm.known_keys import TOP_KEYS
from voxplan.io_shell.litellm.providers import target
from voxplan.io_shell.litellm.remarks import Remarks
from voxplan.io_shell.litellm.routes import Routing, routing
from voxplan.io_shell.litellm.sections import Section
from voxplan.io_shell.litellm.shared_settings import Shared, counts_calls, shared
from voxplan.io_shell.litellm.variables import Variables, referenced
from voxplan.io_shell.litellm.writing import written
from voxplan.io_shell.loading import Located

__all__ = ("Imported", "imported")


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """The spec as YAML, None with errors; what is to be said, in the order of the places in the config; what a server needs."""

    spec_text: str | None
    findings: tuple[Located, ...]
    settings: GatewaySettings = GatewaySettings()

    @property
    def errors(self) -> tuple[Located, ...]:
        """Why there is no spec."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Located, ...]:
        """What was not carried over as it stood."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")


def imported(text: bytes | str, file: str = "config.yaml") -> Imported:
    """The spec that says what the config says; never raises. `file` is the name of the config in what is found."""
    parsed = parse_document(text, "yaml")
    problems = parsed.failure() if isinstance(parsed, Failure) else parsed.unwrap().problems
    if isinstance(parsed, Failure) or problems:
        return Imported(spec_text=None, findings=tuple(_error(file, each.place, each.message) for each in problems))
    return _imported(parsed.unwrap().root, file)


def _imported(root: Node, file: str) -> Imported:
    remarks = Remarks()
    whole = Section(root, "config", root.place, remarks)
    router, litellm = whole.inner("router_settings"), whole.inner("litellm_settings")
    given = {entry.key: _value(entry.value) for entry in whole.inner("environment_variables").entries()}
    for name in given:
        remarks.warn(whole.at("environment_variables"), f"{quoted(name)} is not carried over: set it in the environment")
    variables = Variables({*referenced(root), *_usual_variables(whole.items("model_list"))}, given)
    enforced = counts_calls(router)
    common = shared(router, litellm)
    around = Surroundings(
        variables=variables, credentials=_credentials(whole, remarks), enforced=enforced, concurrent=common.concurrent
    )
    members = [made for node in whole.items("model_list") if (made := member(node, around, remarks)) is not None]
    routed = routing(members, common, remarks)
    settings = gateway_settings(whole.inner("general_settings"), variables, routed.model_names)
    whole.tell_left(TOP_KEYS, ("model_list", "router_settings", "litellm_settings", "general_settings"))
    return _finished(routed, common, settings, remarks, (file, whole.at("model_list")))


def _finished(routed: Routing, common: Shared, settings: GatewaySettings, remarks: Remarks, at: tuple[str, Place]) -> Imported:
    """The spec, if it is one: it is read and checked as every other."""
    file, place = at
    warnings = [
        Located(severity="warning", file=file, line=r.place.line, column=r.place.column, message=r.message) for r in remarks.found
    ]
    if not routed.deployments:
        errors = [_error(file, place, "there is nothing to carry over: no entry of `model_list` is a model that transcribes")]
        return Imported(spec_text=None, findings=_sorted([*warnings, *errors]), settings=settings)
    retry = shared_retry(routed.routes)
    spec = Spec(
        voxplan=1,
        deployments=routed.deployments,
        defaults=msgspec.structs.replace(common.defaults, retry=retry),
        routes={name: node if retry is None else without_retry(node) for name, node in routed.routes.items()},
        gateway=settings.section,
    )
    text = written(spec, remarks.found)
    result = read(text, "yaml", file)
    if isinstance(result, Failure):
        errors = [_error(file, place, f"cannot be carried over: {each.message}") for each in result.failure()]
    else:
        found = (each for each in check(result.unwrap().spec, CATALOG) if each.severity == "error")
        errors = [_error(file, _where(each.path, routed, place), f"cannot be carried over: {each.message}") for each in found]
    return Imported(spec_text=None if errors else text, findings=_sorted([*warnings, *errors]), settings=settings)


def _where(path: tree.Path, routed: Routing, otherwise: Place) -> Place:
    section, name = (*path, "", "")[:2]
    return routed.places.get((str(section), str(name)), otherwise)


def _sorted(findings: list[Located]) -> tuple[Located, ...]:
    unique = {(each.line or 0, each.column or 0, each.severity, each.message): each for each in findings}
    return tuple(unique[key] for key in sorted(unique))


def _error(file: str, place: Place, message: str) -> Located:
    return Located(severity="error", file=file, line=place.line, column=place.column, message=message)


def _value(node: Node) -> str:
    return str(node.value) if isinstance(node, tree.Scalar) else ""


def _usual_variables(model_list: tuple[Node, ...]) -> Iterator[str]:
    """Where an entry says no key, its provider's own variable holds it: no key that stands in the config may be called so."""
    for node in model_list:
        quiet = Remarks()
        params = Section(node, "model_list", node.place, quiet).inner("litellm_params")
        led = target(params.text("model") or "", params.text("custom_llm_provider"), params.text("api_base"))
        if params.take("api_key") is None and not isinstance(led, str):
            keys = (CATALOG[led.kin.provider].default_key, led.kin.api_key)
            yield from (key[2:-1] for key in keys if key is not None)


def _credentials(whole: Section, remarks: Remarks) -> dict[str, tree.Mapping]:
    found: dict[str, tree.Mapping] = {}
    for item in whole.items("credential_list"):
        section = Section(item, "credential_list", item.place, remarks)
        name, values = section.text("credential_name"), section.take("credential_values")
        section.take("credential_info")
        if name is not None and isinstance(values, tree.Mapping):
            found[name] = values
        else:
            remarks.warn(item.place, "a credential needs `credential_name` and `credential_values`: not carried over")
        section.tell_left({}, ("credential_name", "credential_values"))
    return found
