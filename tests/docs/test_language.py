"""The tables of the language reference are those of the code."""

import re
from typing import get_args

import msgspec
import pytest

from tests.docs.pages import ROOT, prose
from voxplan.adapters.catalog import CATALOG
from voxplan.engine.checks.checking import DEEPEST_ROUTES
from voxplan.engine.checks.sizing import LARGEST_ROUTE
from voxplan.engine.language.condition import Condition, Sample, TimeWindow
from voxplan.engine.language.gateway import Gateway, HealthCheck, UnknownFields, Urls
from voxplan.engine.language.policy import PolicyExpectation, PolicyRequest, PolicyTest, Scripted
from voxplan.engine.language.spec import (
    Accept,
    Account,
    Backoff,
    Balance,
    CoolingRules,
    Deployment,
    Guardrail,
    Limits,
    OptionRules,
    Price,
    Race,
    Replay,
    Retry,
    RetryBudget,
    RouteNode,
    Rules,
    Selector,
    Spec,
    Strategy,
)
from voxplan.engine.observed import health
from voxplan.engine.plans.plan import ReasonCode
from voxplan.engine.plans.situation import DEFAULT_TIMEOUT
from voxplan.engine.runs.run import AbsenceReason
from voxplan.engine.terms.amounts import print_share, print_size
from voxplan.engine.terms.capability import CAPABILITY_NAMES, ProviderFacts
from voxplan.engine.terms.failure import KINDS, RETRIED, RETRIED_ON_HINT, FailureKind, Fallback, HealthEffect, KindRule, Retrying
from voxplan.engine.terms.quantity import print_span

TEXT = prose(ROOT / "docs" / "language.md")

FALLBACK: dict[Fallback, str] = {"star": "yes", "listed": "only if listed", "never": "never"}
RETRYING: dict[Retrying, str] = {"yes": "yes", "hint": "if told how long", "no": "no"}
HEALTH: dict[HealthEffect, str] = {
    "counts": "counts",
    "counts_if_whole": "counts if it had its whole timeout",
    "cools_until": "cools until then",
    "cools_loudly": "cools",
    "cools_key": "cools the key",
    "cools_key_long": "cools the key, long",
    "none": "none",
}

# Where the keys of a mapping of the language are listed: the heading, and which table below it.
KEYS: dict[tuple[str, int], type[msgspec.Struct]] = {
    ("The routing language", 0): Spec,
    ("Deployments", 0): Deployment,
    ("Prices", 0): Price,
    ("Accounts", 0): Account,
    ("Limits", 0): Limits,
    ("`balance`", 0): Balance,
    ("`race`", 0): Race,
    ("Samples", 0): Sample,
    ("Times", 0): TimeWindow,
    ("Rules", 0): Rules,
    ("`require`", 0): Selector,
    ("`retry`", 0): Retry,
    ("`accept`", 0): Accept,
    ("`options`", 0): OptionRules,
    ("Guardrails", 0): Guardrail,
    ("Cooling", 1): CoolingRules,
    ("Retry budget", 0): RetryBudget,
    ("Gateway", 0): Gateway,
    ("Gateway", 1): Urls,
    ("Gateway", 2): HealthCheck,
    ("Policy tests", 0): PolicyTest,
    ("Policy tests", 1): Scripted,
    ("Policy tests", 2): PolicyExpectation,
}

CONNECTIVES = frozenset({"all", "any", "not", "known", "sample", "time"})


def test_failure_kinds() -> None:
    """The table of failure kinds is KINDS, in its order."""
    assert rows("Failure kinds") == [kind_row(kind, rule) for kind, rule in KINDS.items()]


def test_kinds_that_a_bare_retry_covers() -> None:
    """The default of `retry.on` names each of them."""
    default = next(row[2] for row in rows("`retry`") if row[0] == "`on`")
    assert re.findall(r"`(\w+)`", default) == sorted(RETRIED) + sorted(RETRIED_ON_HINT)


def test_reasons() -> None:
    """The two tables of reasons have each reason once, in the order of the code."""
    assert names("What is not attempted, and why", 0) == list(get_args(ReasonCode))
    assert names("What is not attempted, and why", 1) == list(get_args(AbsenceReason))


def test_cooling() -> None:
    """The numbers of the table of cooling are those of `health`."""
    doubled = "doubled each time, at most"
    assert dict(rows("Cooling", 0)) == {
        "`failures` in a row that count": "`first`",
        "the probe fails": "twice as long as before, at most `longest`",
        "`rate_limited` with a wait": f"the wait, at most {seconds(health.LONGEST_HINT_MS)}",
        "`rate_limited` without a wait": f"{seconds(health.RATE_MS)}, doubled each time, at most `longest`",
        "`not_found`": seconds(health.LOUD_MS),
        "`unauthorized`": f"{seconds(health.LOUD_MS)}, {doubled} {seconds(health.LONG_MS)}",
        "`out_of_quota`": f"{seconds(health.LONG_MS)}, {doubled} {seconds(health.LONGEST_HINT_MS)}",
    }


@pytest.mark.parametrize(("place", "struct"), KEYS.items(), ids=lambda each: getattr(each, "__name__", None))
def test_keys(place: tuple[str, int], struct: type[msgspec.Struct]) -> None:
    """Each key that a mapping of a spec may have is in its table."""
    assert sorted(names(*place)) == sorted(keys(struct))


def test_forms() -> None:
    """Each form is in the table of forms, and has a section."""
    told = [re.sub(r"[`\[\]]|\(.*", "", row[0]) for row in rows("Routes", 0)]
    assert sorted(told) == sorted(set(keys(RouteNode)) - set(keys(Rules)) - {"on", "otherwise"})
    assert [form for form in told if f"\n### `{form}`\n" not in TEXT] == []


def test_strategies() -> None:
    """Each way to balance is told, in the order of the code."""
    assert names("`balance`", 1) == list(get_args(Strategy))


def test_unknown_fields() -> None:
    """Each way to treat fields that a gateway does not know is told."""
    told = next(row[1] for row in rows("Gateway", 0) if row[0] == "`unknown_fields`")
    assert tuple(re.findall(r"`(\w+)`", told)) == get_args(UnknownFields)


def test_replay() -> None:
    """Each value of `replay` is told, from the loosest to the strictest."""
    assert names("`replay`", 0) == list(get_args(Replay))


def test_facts() -> None:
    """The facts are those that a condition may test, and those that a policy test may set."""
    facts = {"metadata.x" if key == "metadata" else key for key in keys(Condition)} - CONNECTIVES
    assert sorted(names("Facts", 0)) == sorted(facts)
    others = re.findall(r"`(\w+)`", TEXT.partition("`request` has the [facts](#facts) by their names, and ")[2].partition(".")[0])
    settable = facts - {"metadata.x"} | {"metadata", "time", *others}
    assert sorted(settable) == sorted(keys(PolicyRequest))


def test_connectives() -> None:
    """Each part of a condition that is no fact has its row among the tests."""
    written = " ".join(row[0] for row in rows("Tests", 0))
    assert [key for key in CONNECTIVES if f"`{key}: " not in written] == []


def test_capabilities() -> None:
    """`require` tells what a model may be asked to be able to do."""
    told = next(row[1] for row in rows("`require`", 0) if row[0] == "`capability`")
    assert tuple(re.findall(r"`(\w+)`", told)) == CAPABILITY_NAMES


def test_options() -> None:
    """Each option has the rules that it may have."""
    hints = msgspec.structs.fields(OptionRules)
    allowed = {field.name: [value for part in get_args(field.type) for value in get_args(part)] for field in hints}
    assert {row[0].strip("`"): re.findall(r"`(\w+)`", row[1]) for row in rows("`options`", 0)} == allowed


def test_providers() -> None:
    """The table of providers is the catalogue."""
    assert [row[:3] for row in rows("Deployments", 1)] == [provider_row(facts) for facts in CATALOG.values()]


def test_defaults() -> None:
    """The defaults that the page tells are those of the code."""
    backoff, guardrail, budget, scripted = Backoff(), Guardrail(kind="custom"), RetryBudget(), Scripted(result="ok")
    gateway, cooling = Gateway(), CoolingRules()
    defaults = {
        ("Rules", "timeout"): print_span(DEFAULT_TIMEOUT),
        ("`retry`", "times"): f"{Retry().times}",
        ("`retry`", "backoff"): f"{{base: {backoff.base.base_ms}ms, cap: {print_span(backoff.cap)}}}",
        ("Guardrails", "stage"): guardrail.stage,
        ("Guardrails", "on_error"): guardrail.on_error,
        ("Guardrails", "timeout"): print_span(guardrail.timeout),
        ("Cooling", "failures"): f"{cooling.failures}",
        ("Cooling", "first"): print_span(cooling.first),
        ("Retry budget", "share"): print_share(budget.share),
        ("Retry budget", "least"): f"{budget.least}",
        ("Gateway", "unknown_fields"): gateway.unknown_fields,
        ("Gateway", "largest_upload"): print_size(gateway.largest_upload),
        ("Gateway", "in_flight"): f"{gateway.in_flight}",
        ("Gateway", "queue"): f"{gateway.queue}",
        ("Gateway", "queue_wait"): print_span(gateway.queue_wait),
        ("Gateway", "idle"): print_span(gateway.idle),
        ("Gateway", "timeout"): print_span(Urls().timeout),
        ("Gateway", "every"): print_span(HealthCheck().every),
        ("Policy tests", "after"): print_span(scripted.after),
        ("Policy tests", "text"): scripted.text,
    }
    told = {(heading, name(row)): row[-1] for heading, _ in defaults for row in rows(heading)}
    assert {place: told[place] for place in defaults} == {place: f"`{default}`" for place, default in defaults.items()}


def test_largest_route() -> None:
    """The page tells how large a route may be, and how deep routes may use each other."""
    assert f"more than {LARGEST_ROUTE} calls" in TEXT
    assert f"a chain of more than {DEEPEST_ROUTES} routes" in " ".join(TEXT.split())


def kind_row(kind: FailureKind, rule: KindRule) -> list[str]:
    """The row of one failure kind."""
    return [f"`{kind}`", rule.meaning, FALLBACK[rule.fallback], RETRYING[rule.retrying], HEALTH[rule.health]]


def provider_row(facts: ProviderFacts) -> list[str]:
    """What the deployments of a provider need, in words."""
    key = f"default `{facts.default_key}`" if facts.default_key else needs(takes=facts.takes_key, needed=facts.needs_key)
    return [f"`{facts.provider}`", needs(takes=facts.takes_base_url, needed=facts.needs_base_url), key]


def needs(*, takes: bool, needed: bool) -> str:
    """Whether a key has to be there, may be, or may not."""
    return "required" if needed else "optional" if takes else "none"


def seconds(ms: int) -> str:
    """Milliseconds as the page writes them."""
    return f"{ms // 1000} s"


def keys(struct: type[msgspec.Struct]) -> list[str]:
    """The keys as an author writes them."""
    return [field.encode_name for field in msgspec.structs.fields(struct)]


def names(heading: str, table: int) -> list[str]:
    """The first cells of the rows."""
    return [name(row) for row in rows(heading, table)]


def name(row: list[str]) -> str:
    """The first cell without its backticks."""
    return row[0].strip("`")


def rows(heading: str, table: int | None = None) -> list[list[str]]:
    """The rows of the tables under `heading`, without their heads; of all of them, or of the one with that number."""
    section = re.split(r"^#+ ", TEXT.partition(f"# {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    tables = re.findall(r"(?:^\|.*\n)+", section, flags=re.MULTILINE)
    chosen = tables if table is None else [tables[table]]
    return [cells(line) for each in chosen for line in each.splitlines()[2:]]


def cells(line: str) -> list[str]:
    """The cells of one row."""
    return [cell.strip() for cell in line.strip("|").split("|")]
