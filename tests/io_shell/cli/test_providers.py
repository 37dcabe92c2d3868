import json
from collections.abc import Mapping

import pytest
from rich.console import Console, RenderableType

from tests.io_shell.cli.typing_commands import typed
from voxplan.adapters.catalog import CATALOG
from voxplan.engine.terms.capability import Capabilities, PriceFacts, ProviderFacts, Retirement, Setting, TokenPrices
from voxplan.engine.terms.spelling import listed
from voxplan.io_shell.cli import model_report, provider_report
from voxplan.io_shell.cli.arguments import parse
from voxplan.io_shell.cli.orders import ShowProviders
from voxplan.io_shell.cli.provider_page import overview, provider_page
from voxplan.io_shell.cli.provider_report import ProviderReport, known_providers

CLOUD = ProviderFacts(
    provider="cloud",
    needs_base_url=True,
    settings=(
        Setting(name="resource", meaning="the name of the resource", needed=True),
        Setting(name="secret_key", meaning="the second key", secret=True),
        Setting(name="api-version", meaning="the version of the interface", needed=True, default="2024-10-21"),
    ),
    owned=("model", "language"),
    models=(
        ("known", Capabilities(words=True, price=PriceFacts(per_minute=6_000_000, step_ms=1000, by_channel=True))),
        ("guessed", Capabilities(languages=("en",), diarization=True, price=PriceFacts(per_minute=3_000_000, estimated=True))),
        ("unknown", Capabilities(keywords=True, logprobs=True, max_bytes=25_000_000, max_seconds=1400)),
        (
            "tokens",
            Capabilities(
                price=PriceFacts(
                    per_minute=4_000_000,
                    tokens=TokenPrices(audio_in=6 * 10**9, text_in=2_500_000_000, out=10**10),
                    source="a page",
                ),
                retirement=Retirement(on="2027-02-26", successor="known", source="another page"),
            ),
        ),
    ),
    families=(("mini", Capabilities(price=PriceFacts())),),
)
FREE = ProviderFacts(provider="free", takes_key=False, needs_key=False, takes_base_url=False, takes_options=False)


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, ProviderReport]:
    """Of two providers that have a little of everything."""
    monkeypatch.setattr(provider_report, "CATALOG", {"cloud": CLOUD, "free": FREE})
    return {report.provider: report for report in known_providers()}


def drawn(page: RenderableType, width: int = 80) -> str:
    """What a screen of that width shows."""
    console = Console(width=width, highlight=False, markup=False, color_system=None)
    with console.capture() as captured:
        console.print(page)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def test_it_says_everything_there_is_to_say() -> None:
    """A name, for programs."""
    assert parse(["providers", "openai", "--json"]) == ShowProviders(provider="openai", json=True)
    assert parse(["providers"]) == ShowProviders()


def test_the_overview_is_short(reports: Mapping[str, ProviderReport]) -> None:
    """What each needs, and each model with its price, its abilities, and its end."""
    assert drawn(overview(tuple(reports.values()))).partition("\n\nabout")[0].splitlines() == [
        "cloud  needs an api_key, a base_url, settings resource,",
        "  takes settings secret_key, api-version",
        "  known  $0.006 a minute, in steps of 1 s, each channel",
        "    segment times, word times",
        "  guessed  about $0.003 a minute",
        "    text, speakers, languages en",
        "  unknown  price unknown",
        "    text, keywords, logprobs, up to 25 MB, up to 23 min 20 s",
        "  tokens  about $0.004 a minute",
        "    text",
        "    until 2027-02-26, then known",
        "  *mini*  free",
        "    text",
        "  any other  price unknown",
        "    text",
        "",
        "free  needs nothing",
        "  any other  price unknown",
        "    text",
    ]


def test_models_of_which_the_same_is_known_stand_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the overview and on the page; names that do not fit go on in the next line."""
    same = Capabilities(words=True, price=PriceFacts(per_minute=6_000_000))
    models = (("one-model", same), ("other", Capabilities(prompt=True)), ("a-second-model", same), ("a-third-model", same))
    facts = ProviderFacts(provider="cloud", takes_key=False, needs_key=False, models=models, otherwise=same)
    monkeypatch.setattr(provider_report, "CATALOG", {"cloud": facts})
    (report,) = known_providers()
    assert drawn(overview((report,)), 40).splitlines()[:7] == [
        "cloud  needs nothing",
        "  one-model, a-second-model,",
        "  a-third-model,",
        "  any other  $0.006 a minute",
        "    segment times, word times",
        "  other  price unknown",
        "    text, prompt",
    ]
    page = drawn(provider_page(report))
    assert "\ncloud one-model, a-second-model, a-third-model, any other\n" in page
    assert page.count("$0.006 a minute") == 1


def test_one_provider_is_told_in_full(reports: Mapping[str, ProviderReport]) -> None:
    """Every setting, what cannot be passed on, all prices, and where they are stated."""
    shown = " ".join(drawn(provider_page(reports["cloud"])).split())
    for told in (
        "api_key required base_url required",
        "setting resource the name of the resource (required)",
        "setting secret_key the second key (by reference only)",
        "setting api-version the version of the interface (default 2024-10-21)",
        "options passed on as they stand but not model, language",
        "about $0.004 a minute, by a million tokens: $6 audio, $2.5 text, $10 output",
        "2027-02-26, then known",
        "source a page",
        "source another page",
    ):
        assert told in shown
    free = drawn(provider_page(reports["free"]))
    assert [line.split() for line in free.splitlines()[1:4]] == [["api_key", "none"], ["base_url", "none"], ["options", "none"]]


@pytest.mark.parametrize("width", [40, 80, 120, 400])
def test_no_screen_is_too_narrow(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """Every line fits, nothing is cut, and every provider and model is there."""
    monkeypatch.setenv("COLUMNS", str(width))
    shown = [typed(capsys, "providers").out, *(typed(capsys, "providers", name).out for name in CATALOG)]
    for page in shown:
        assert max(map(len, page.splitlines())) <= width
        assert "…" not in page
    joined = "".join(shown[0].split())
    heads = {line.split()[0] for line in shown[0].splitlines() if line[:1].strip()}
    for facts in CATALOG.values():
        assert facts.provider in heads
        assert all(model in joined for model, _ in facts.models)


def test_json_tells_programs_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """Every provider with every key; a price that nobody knows is null."""
    found = json.loads(typed(capsys, "providers", "--json").out)
    assert [each["provider"] for each in found] == [*CATALOG]
    assert len({tuple(each) for each in found}) == 1
    for each in found:
        facts = CATALOG[each["provider"]]
        assert [setting["name"] for setting in each["settings"]] == [setting.name for setting in facts.settings]
        for model in each["models"]:
            known = facts.otherwise if model["model"] is None else None
            assert known is None or (model["price"] is None) == (known.price is None)
    (local,) = json.loads(typed(capsys, "providers", "local", "--json").out)
    assert (local["provider"], local["takes_key"], local["models"][0]["price"]["certainty"]) == ("local", False, "known")


def test_capabilities_tell_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    """The models of all providers, in the same words and order."""
    models = [model for each in json.loads(typed(capsys, "providers", "--json").out) for model in each["models"]]
    assert json.loads(typed(capsys, "capabilities", "--json").out) == models
    assert len(models) == len([*model_report.known_models()])


@pytest.mark.parametrize(
    ("name", "message"),
    [("opnai", "unknown provider `opnai`, did you mean `openai`?"), ("x", f"unknown provider `x`; there are {listed(CATALOG)}")],
)
def test_a_provider_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str], name: str, message: str) -> None:
    """With the one that was probably meant, or all there are."""
    ended = typed(capsys, "providers", name)
    assert (ended.code, ended.out) == (4, "")
    assert message in ended.err


def test_help_teaches_by_example(capsys: pytest.CaptureFixture[str]) -> None:
    """One for each way to ask."""
    shown = typed(capsys, "providers", "--help").out
    assert all(example in shown for example in ("voxplan providers openai", "voxplan providers --json"))
