"""The arms of `balance` and `race`: that there are any, that weights can choose, that selectors select."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from voxplan.engine.checks._nodes import all_rules, nodes, selections
from voxplan.engine.checks.finding import Finding, error, warning
from voxplan.engine.checks.selecting import selected, traits
from voxplan.engine.documents.tree import Path
from voxplan.engine.language.spec import Balance, Race, Selector, Spec
from voxplan.engine.terms.capability import ProviderFacts
from voxplan.engine.terms.spelling import quoted, suggestion

LEAST_WEIGHT: Final = 1e-9
MOST_WEIGHT: Final = 1_000_000_000


def check_arms(spec: Spec, catalog: Mapping[str, ProviderFacts]) -> Iterator[Finding]:
    """Everything about arms that needs no names."""
    for path, node in nodes(spec):
        if node.balance is not None:
            yield from _one_source((*path, "balance"), node.balance)
            yield from _check_weights((*path, "balance", "among"), node.balance)
            yield from _check_sticky((*path, "balance"), node.balance)
        if node.race is not None:
            yield from _one_source((*path, "race"), node.race)
            where = node.race.where
            if len(node.race.among if where is None else selected(spec, where, catalog)) == 1:
                yield warning((*path, "race"), "a race of one arm is no race")
    for path, selector in selections(spec):
        if not selected(spec, selector, catalog):
            yield error(path, "no deployment is what this `where` selects")


def check_selectors(spec: Spec, catalog: Mapping[str, ProviderFacts]) -> Iterator[Finding]:
    """Regions, providers and tags that no deployment has."""
    there = [traits(spec, name, catalog) for name in spec.deployments]
    known: dict[str, set[str]] = {
        "region": {found.region for found in there if found.region is not None},
        "provider": {found.provider for found in there},
        "tag": {tag for found in there for tag in found.tags},
    }
    required = (((*path, "require"), rules.require) for path, rules in all_rules(spec) if rules.require is not None)
    for path, selector in (*required, *selections(spec)):
        for at, trait, value in _asked(path, selector):
            if value not in known[trait]:
                message = f"no deployment has {trait} {quoted(value)}{suggestion(value, known[trait])}"
                yield warning(at, message)


def _asked(path: Path, selector: Selector) -> Iterable[tuple[Path, str, str]]:
    for key, trait, values in (
        ("region", "region", selector.region),
        ("provider", "provider", selector.provider),
        ("tags", "tag", selector.tags),
    ):
        yield from (((*path, key, index), trait, value) for index, value in enumerate(values or ()))


def _one_source(path: Path, form: Balance | Race) -> Iterator[Finding]:
    if bool(form.among) == (form.where is not None):
        found = "both" if form.among else "none"
        yield error(path, f"a `{path[-1]}` needs exactly one of `among` and `among: {{where: …}}`, found {found}")


def _check_weights(path: Path, balance: Balance) -> Iterator[Finding]:
    for index, arm in enumerate(balance.among):
        if not (arm.weight == 0 or LEAST_WEIGHT <= arm.weight <= MOST_WEIGHT):
            yield error((*path, index, "weight"), f"a weight is 0 or from {LEAST_WEIGHT:g} to {MOST_WEIGHT:g}")
    if balance.among and not any(arm.weight > 0 for arm in balance.among):
        yield error(path, "all weights are 0: nothing could be chosen")


def _check_sticky(path: Path, balance: Balance) -> Iterator[Finding]:
    if balance.by == "sticky" and balance.key is None:
        yield error(path, "sticky needs a `key`: `user`, `key` or `metadata.x`")
    for key, value in (("key", balance.key), ("salt", balance.salt)):
        if balance.by != "sticky" and value is not None:
            yield error((*path, key), f"`{key}` belongs to `by: sticky`, not to `by: {balance.by}`")
