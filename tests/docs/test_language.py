"""The tables of the language reference are those of the code."""

import re
from typing import get_args

import msgspec

from tests.docs.pages import ROOT, prose
from voxplan.adapters.catalog import CATALOG
from voxplan.engine import health
from voxplan.engine.capability import ProviderFacts
from voxplan.engine.failure import KINDS, RETRIED, RETRIED_ON_HINT, FailureKind, Fallback, HealthEffect, KindRule, Retrying
from voxplan.engine.plan import ReasonCode
from voxplan.engine.quantity import print_span
from voxplan.engine.run import AbsenceReason
from voxplan.engine.situation import DEFAULT_TIMEOUT
from voxplan.engine.sizing import LARGEST_ROUTE
from voxplan.engine.spec import Accept, Backoff, Balance, Deployment, Limits, Retry, Rules, Spec

TEXT = prose(ROOT / "docs" / "language.md")

FALLBACK: dict[Fallback, str] = {"star": "yes", "listed": "only if listed", "never": "never"}
RETRYING: dict[Retrying, str] = {"yes": "yes", "hint": "if told how long", "no": "no"}
HEALTH: dict[HealthEffect, str] = {
    "counts": "counts",
    "counts_if_whole": "counts if it had its whole timeout",
    "cools_until": "cools until then",
    "cools_long": "cools long",
    "cools_loudly": "cools",
    "none": "none",
}


def test_failure_kinds() -> None:
    """The table of failure kinds is KINDS, in its order."""
    assert rows("Failure kinds") == [kind_row(kind, rule) for kind, rule in KINDS.items()]


def test_kinds_that_a_bare_retry_covers() -> None:
    """The default of `retry.on` names each of them."""
    default = next(row[2] for row in rows("`retry`") if row[0] == "`on`")
    assert re.findall(r"`(\w+)`", default) == sorted(RETRIED) + sorted(RETRIED_ON_HINT)


def test_reasons() -> None:
    """Both tables of reasons have each reason once, in the order of the code."""
    reasons = [*get_args(ReasonCode), *get_args(AbsenceReason)]
    found = [name(row) for row in rows("What is not attempted, and why")]
    assert sorted(found) == sorted(reasons)


def test_cooling() -> None:
    """The numbers of the table of cooling are those of `health`."""
    longest = f"at most {seconds(health.LONGEST_COOLING_MS)}"
    assert dict(rows("Cooling")) == {
        f"{health.OPEN_AFTER} failures in a row that count": seconds(health.FIRST_COOLING_MS),
        "the probe fails": f"twice as long as before, {longest}",
        "`rate_limited` with a wait": f"the wait, at most {seconds(health.LONGEST_HINT_MS)}",
        "`rate_limited` without a wait": f"{seconds(health.RATE_MS)}, doubled each time, {longest}",
        "`out_of_quota`": seconds(health.LONG_MS),
        "`not_found`, `unauthorized`": seconds(health.LOUD_MS),
    }


def test_keys() -> None:
    """Each key that a spec may have is in the table of its section."""
    sections: dict[str, type[msgspec.Struct]] = {
        "The routing language": Spec,
        "Deployments": Deployment,
        "Limits": Limits,
        "`balance`": Balance,
        "Rules": Rules,
        "`retry`": Retry,
        "`accept`": Accept,
    }
    for heading, struct in sections.items():
        assert sorted(name(row) for row in rows(heading, table=0)) == sorted(struct.__struct_fields__), heading


def test_providers() -> None:
    """The table of providers is the catalogue."""
    assert [row[:3] for row in rows("Deployments", table=1)] == [provider_row(facts) for facts in CATALOG.values()]


def test_defaults() -> None:
    """The defaults that the page tells are those of the code."""
    told = {name(row): row[-1] for heading in ("Rules", "`retry`") for row in rows(heading)}
    backoff = Backoff()
    assert told["timeout"] == f"`{print_span(DEFAULT_TIMEOUT)}`"
    assert told["times"] == f"`{Retry().times}`"
    assert told["backoff"] == f"`{{base: {backoff.base.base_ms}ms, cap: {print_span(backoff.cap)}}}`"
    assert f"more than {LARGEST_ROUTE} calls" in TEXT


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
