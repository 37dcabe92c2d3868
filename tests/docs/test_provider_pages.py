"""The pages of the providers say what the tables of the code say."""

import re
from datetime import date

import pytest

from tests.docs.pages import ROOT
from voxplan.adapters.catalog import CATALOG
from voxplan.engine.terms.capability import Capabilities, ProviderFacts

FOLDER = ROOT / "docs" / "providers"

each_provider = pytest.mark.parametrize("facts", CATALOG.values(), ids=CATALOG)


def text(facts: ProviderFacts) -> str:
    """The page."""
    return (FOLDER / f"{facts.provider}.md").read_text(encoding="utf-8")


def all_of(facts: ProviderFacts) -> list[Capabilities]:
    """What is known of each model."""
    return [*(can for _, can in facts.models), *(can for _, can in facts.families), facts.otherwise]


def test_every_provider_is_in_the_index() -> None:
    """In its table, and no other."""
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| \[`(\w+)`\]\(\1\.md\)", index, flags=re.MULTILINE)) == sorted(CATALOG)


@each_provider
def test_what_it_needs(facts: ProviderFacts) -> None:
    """Its default key and each of its settings are named."""
    page = text(facts)
    assert facts.default_key is None or f"`{facts.default_key}`" in page
    assert [setting.name for setting in facts.settings if f"`{setting.name}`" not in page] == []
    assert [
        each.default for each in facts.settings if (each.default or "").startswith("$") and f"`{each.default}`" not in page
    ] == []


@each_provider
def test_retirements(facts: ProviderFacts) -> None:
    """Each date stands there."""
    dates = {date.fromisoformat(can.retirement.on) for can in all_of(facts) if can.retirement is not None}
    page = text(facts)
    assert [day for day in dates if f"{day.day} {day:%B}" not in page or f"{day.year}" not in page] == []


@each_provider
def test_prices(facts: ProviderFacts) -> None:
    """Each price of a minute stands there, and `about` where it is an estimate."""
    page = text(facts)
    prices = {can.price for can in all_of(facts) if can.price is not None and can.price.per_minute}
    for price in prices:
        shown = f"${price.per_minute / 10**9:.9f}".rstrip("0")
        assert shown in page
        assert "about" in page.lower() or not (price.estimated or price.tokens)
