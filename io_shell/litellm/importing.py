"""The way in: the text of a config.yaml, the spec that says the same, and everything that it does not say."""

from collections.abc import Iterable, Iterator

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
from voxplan.io_shell.litellm.cooling import cooling_rules
from voxplan.io_shell.litellm.deployments import member
from voxplan.io_shell.litellm.environment import filled_in, given_variables
from voxplan.io_shell.litellm.gateway_settings import GatewaySettings, gateway_settings
from voxplan.io_shell.litellm.hoisting import shared_retry, without_retry
from voxplan.io_shell.litellm.including import Files, put_together
from voxplan.io_shell.litellm.known_keys import TOP_KEYS
from voxplan.io_shell.litellm.own_variables import OF_ALL_PROVIDERS, read_by
from voxplan.io_shell.litellm.providers import target
from voxplan.io_shell.litellm.remarks import Remark, Remarks
from voxplan.io_shell.litellm.routes import Routing, routing
from voxplan.io_shell.litellm.sections import Section, by_reference
from voxplan.io_shell.litellm.shared_settings import Shared, counts_calls, shared
from voxplan.io_shell.litellm.surroundings import Surroundings
from voxplan.io_shell.litellm.variables import Variables, referenced
from voxplan.io_shell.litellm.wildcards import said_names
from voxplan.io_shell.litellm.writing import written
from voxplan.io_shell.loading import Located, Severity
from voxplan.io_shell.references import Environment

__all__ = ("Imported", "imported")


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """The spec as YAML, None with errors; what is to be said, in the order of the places in the config; what a server needs."""

    spec_text: str | None
    findings: tuple[Located, ...]
    settings: GatewaySettings = GatewaySettings()
    files: Files = Files("config.yaml")

    def error(self, place: Place, message: str) -> Located:
        """One that shows only to who knows more than the config, at a place in it."""
        return _located("error", self.files, place, message)

    @property
    def errors(self) -> tuple[Located, ...]:
        """Why there is no spec."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Located, ...]:
        """What was not carried over as it stood."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")


def imported(
    text: bytes | str, file: str = "config.yaml", environment: Environment | None = None, *, including: bool = False
) -> Imported:
    """The spec that says what the config says; never raises. `file` is the name of the config in what is found.

    `including`: that is a path, and the files that the config includes are read from beside it.

    `environment` is that of the server that runs the config as it is: what the config reads from there is filled in, an entry
    whose address is not set is left out, and nothing is told that only who takes the spec from here has to know. Without it,
    nobody knows yet what will be set.
    """
    parsed = parse_document(text, "yaml", merging=True)
    problems = parsed.failure() if isinstance(parsed, Failure) else parsed.unwrap().problems
    if isinstance(parsed, Failure) or problems:
        return _broken(problems, Files(file))
    return _whole(parsed.unwrap().root, Files(file), environment, including=including)


def _broken(problems: Iterable[tree.Problem], files: Files) -> Imported:
    return Imported(spec_text=None, findings=tuple(_located("error", files, each.place, each.message) for each in problems))


def _whole(root: Node, files: Files, environment: Environment | None, *, including: bool) -> Imported:
    """With the files that it includes."""
    remarks = Remarks()
    if not including:
        return _imported(root, files, environment, remarks)
    document, problems = put_together(root, files, remarks)
    return _broken(problems, files) if problems else _imported(document, files, environment, remarks)


def _imported(document: Node, files: Files, environment: Environment | None, remarks: Remarks) -> Imported:
    given = given_variables(Section(document, "config", document.place, remarks).inner("environment_variables"), environment)
    known = {**given, **(environment or {})}
    root = filled_in(document, known)
    whole = Section(root, "config", root.place, remarks)
    router, litellm = whole.inner("router_settings"), whole.inner("litellm_settings")
    # A variable that is there already holds something else than a key of this config; it would be sent in place of that.
    there = environment or ()
    set_here = (entry.key for entry in whole.inner("environment_variables").entries())
    taken = {*referenced(document), *_usual_variables(whole.items("model_list"), known), *set_here, *there}
    enforced = counts_calls(router)
    common = shared(router, litellm)
    around = Surroundings(
        variables=Variables({*taken, *OF_ALL_PROVIDERS}, given),
        environment=environment,
        credentials=_credentials(whole, remarks),
        enforced=enforced,
        concurrent=common.concurrent,
        cooling=common.cooling,
    )
    # Which variables the spec reads by itself shows only when all is made, for a `*` and a fallback have deployments too: so it
    # is made once with names for the keys of the config that nothing else can have, and then with what was free.
    read = {*read_by(_routed(whole, around, common, Remarks()).deployments.values())} - around.variables.named_here
    variables = Variables({*taken, *read}, given)
    around = msgspec.structs.replace(around, variables=variables)
    routed = _routed(whole, around, common, remarks)
    settings = gateway_settings(whole.inner("general_settings"), variables, routed.model_names)
    whole.tell_left(TOP_KEYS, ("model_list", "router_settings", "litellm_settings", "general_settings"))
    return _finished(routed, common, settings, remarks.told(around.use), (files, whole.at("model_list")))


def _routed(whole: Section, around: Surroundings, common: Shared, remarks: Remarks) -> Routing:
    entries = whole.items("model_list")
    members = [made for node in entries if (made := member(node, around, remarks)) is not None]
    return routing(members, common, remarks, said_names(entries))


def _finished(
    routed: Routing, common: Shared, settings: GatewaySettings, remarks: tuple[Remark, ...], at: tuple[Files, Place]
) -> Imported:
    """The spec, if it is one: it is read and checked as every other."""
    files, place = at
    warnings = [_located("warning", files, each.place, each.message) for each in remarks]
    if not routed.deployments:
        errors = [_located("error", files, place, f"there is nothing to carry over: {routed.why_empty}")]
        return Imported(spec_text=None, findings=_sorted([*warnings, *errors]), settings=settings, files=files)
    retry = shared_retry(routed.routes)
    spec = Spec(
        voxplan=1,
        deployments=routed.deployments,
        cooling=cooling_rules(common.cooling),
        defaults=msgspec.structs.replace(common.defaults, retry=retry),
        routes={name: node if retry is None else without_retry(node) for name, node in routed.routes.items()},
        gateway=settings.section,
    )
    text = written(spec, remarks, files)
    result = read(text, "yaml", "spec")
    if isinstance(result, Failure):
        errors = [_located("error", files, place, f"cannot be carried over: {each.message}") for each in result.failure()]
    else:
        found = (each for each in check(result.unwrap().spec, CATALOG) if each.severity == "error")
        errors = [
            _located("error", files, _where(each.path, routed, place), f"cannot be carried over: {each.message}")
            for each in found
        ]
    return Imported(spec_text=None if errors else text, findings=_sorted([*warnings, *errors]), settings=settings, files=files)


def _where(path: tree.Path, routed: Routing, otherwise: Place) -> Place:
    section, name = (*path, "", "")[:2]
    return routed.places.get((str(section), str(name)), otherwise)


def _sorted(findings: list[Located]) -> tuple[Located, ...]:
    order = {file: number for number, file in enumerate(dict.fromkeys(each.file for each in findings))}
    unique = {(order[each.file], each.line or 0, each.column or 0, each.severity, each.message): each for each in findings}
    return tuple(unique[key] for key in sorted(unique))


def _located(severity: Severity, files: Files, place: Place, message: str) -> Located:
    return Located(severity=severity, file=files.name(place), line=files.line(place), column=place.column, message=message)


def _usual_variables(model_list: tuple[Node, ...], known: Environment) -> Iterator[str]:
    """Where an entry says no key, its provider's own variable holds it, also for an entry that is left out: it is set then."""
    for node in model_list:
        quiet = Remarks()
        params = Section(node, "model_list", node.place, quiet).inner("litellm_params")
        model, said = params.text("model"), params.text("api_base") or params.text("base_url")
        if model is None or params.take("api_key") is not None:
            continue
        led = target(model, params.text("custom_llm_provider"), said and known.get(by_reference(said) or "", said))
        if not isinstance(led, str):
            keys = (CATALOG[led.kin.provider].default_key, led.kin.api_key)
            yield from (key[2:-1] for key in keys if key is not None)


def _credentials(whole: Section, remarks: Remarks) -> dict[str, tree.Mapping]:
    found: dict[str, tree.Mapping] = {}
    for item in whole.items("credential_list"):
        section = Section(item, "credential_list", item.place, remarks)
        name, values = section.text("credential_name"), section.take("credential_values")
        section.take("credential_info")
        if name in found:
            remarks.warn(item.place, f"credential {quoted(name)} stands there already: the first one counts")
        elif name is not None and isinstance(values, tree.Mapping):
            found[name] = values
        else:
            remarks.warn(item.place, "a credential needs `credential_name` and `credential_values`: not carried over")
        section.tell_left({}, ("credential_name", "credential_values"))
    return found
