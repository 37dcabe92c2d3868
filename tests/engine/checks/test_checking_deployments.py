from datetime import date

import pytest

from tests.making import use
from voxplan.engine.checks.checking import check
from voxplan.engine.checks.finding import Finding
from voxplan.engine.language.spec import Account, Deployment, PassedOption, Spec
from voxplan.engine.terms.capability import Capabilities, ProviderFacts, Retirement, Setting

OLD = Capabilities(
    words=True,
    diarization=True,
    prompt=True,
    retirement=Retirement(on="2027-02-26", successor="new", source="the provider's page"),
)
CLOUD = ProviderFacts(
    provider="cloud",
    needs_key=False,
    settings=(
        Setting(name="resource", meaning="the name of the resource", needed=True),
        Setting(name="secret_key", meaning="the second key", secret=True),
        Setting(name="api-version", meaning="the version of the interface", default="2024-10-21"),
        Setting(name="project", meaning="whose project pays", needed=True, default="${CLOUD_PROJECT}"),
    ),
    owned=("model", "language", "timestamp_granularities"),
    models=(
        ("old", OLD),
        ("new", Capabilities(prompt=True)),
        ("gone", Capabilities(retirement=Retirement(on="2026-06-01"))),
        ("moved", Capabilities(words=True, retirement=Retirement(on="2026-06-01", successor="old"))),
    ),
)
HERE = ProviderFacts(provider="here", needs_key=False, takes_key=False, takes_options=False)
NAMED = ProviderFacts(
    provider="named",
    needs_key=False,
    settings=(Setting(name="base_model", meaning="the model behind the name"),),
    model_setting="base_model",
    families=(("old", Capabilities(retirement=Retirement(on="2027-02-26"))),),
)
CATALOG = {facts.provider: facts for facts in (CLOUD, HERE, NAMED)}
NEEDED = {"resource": "ours"}


def found(deployment: Deployment, account: Account | None = None, today: date | None = None) -> list[Finding]:
    """What is said about a spec of this deployment."""
    accounts = {} if account is None else {"main": account}
    return [*check(Spec(voxplan=1, accounts=accounts, deployments={"d": deployment}, routes={"r": use("d")}), CATALOG, today)]


def cloud(settings: dict[str, str], options: dict[str, PassedOption] | None = None, model: str = "new") -> Deployment:
    """A deployment of the cloud."""
    return Deployment(model=model, provider="cloud", settings=settings, options=options or {})


def test_settings_that_the_provider_knows_are_sound() -> None:
    """Literal or by reference, or in part by reference."""
    said = {**NEEDED, "secret_key": "${SECRET}", "api-version": "2025-04-01", "project": "p-${STAGE}-${_X}"}
    assert found(cloud(said)) == []


@pytest.mark.parametrize(
    ("settings", "name", "message"),
    [
        ({"resorce": "x"}, "resorce", "unknown setting `resorce` of provider `cloud`, did you mean `resource`?"),
        (
            {"zone": "x"},
            "zone",
            "unknown setting `zone` of provider `cloud` (it knows `resource`, `secret_key`, `api-version`, `project`)",
        ),
        ({"secret_key": "s3cret"}, "secret_key", "`secret_key` is a secret: expected a reference such as `${NAME}`"),
        ({"secret_key": "x${SECRET}"}, "secret_key", "`secret_key` is a secret: expected a reference such as `${NAME}`"),
        ({"project": ""}, "project", "`project` is empty: leave it out, or give it a value"),
        ({"project": "s3cret\r\nX-Other: 1"}, "project", "`project` holds control characters"),
        ({"project": "s3cret${}"}, "project", "`project` holds a reference that is none: expected `${NAME}`"),
        ({"project": "${NAME"}, "project", "`project` holds a reference that is none: expected `${NAME}`"),
        ({"project": "${A}${1B}"}, "project", "`project` holds a reference that is none: expected `${NAME}`"),
    ],
)
def test_settings_that_cannot_be_right(settings: dict[str, str], name: str, message: str) -> None:
    """An error at the setting, which never shows what it says."""
    (finding,) = found(cloud(NEEDED | settings))
    assert (finding.severity, finding.path, finding.message) == ("error", ("deployments", "d", "settings", name), message)
    assert "s3cret" not in finding.message


def test_a_provider_may_have_no_settings() -> None:
    """And the message says so."""
    (finding,) = found(Deployment(model="m", provider="here", settings={"resource": "x"}))
    assert finding.message == "unknown setting `resource` of provider `here` (it has none)"


def test_a_setting_that_is_needed_is_there() -> None:
    """Of the deployment or its account; one with a default needs nobody."""
    message = "provider `cloud` needs the setting `resource`: the name of the resource"
    assert [(each.path, each.message) for each in found(cloud({}))] == [(("deployments", "d"), message)]
    deployment = Deployment(model="new", account="main")
    assert found(deployment, Account(provider="cloud", settings=NEEDED)) == []
    assert [each.message for each in found(deployment, Account(provider="cloud"))] == [message]


def test_settings_of_accounts_are_looked_at_too() -> None:
    """Where they stand."""
    (finding,) = found(
        Deployment(model="new", account="main"), Account(provider="cloud", settings=NEEDED | {"secret_key": "s3cret"})
    )
    assert finding.path == ("accounts", "main", "settings", "secret_key")
    assert "s3cret" not in finding.message


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("language", "`language` is set by voxplan from the request: it cannot stand in `options`"),
        (
            "timestamp_granularities[]",
            "`timestamp_granularities[]` is set by voxplan from the request: it cannot stand in `options`",
        ),
        ("", "`` is no name of a request field"),
        ("a\nb", "`a\\nb` is no name of a request field"),
    ],
)
def test_options_that_cannot_be_passed_on(name: str, message: str) -> None:
    """What voxplan sets itself, and what no request can hold."""
    (finding,) = found(cloud(NEEDED, {"smart_format": False, name: "x"}))
    assert (finding.severity, finding.path, finding.message) == ("error", ("deployments", "d", "options", name), message)


def test_options_go_to_whoever_takes_them() -> None:
    """Nobody else would pass them on."""
    (finding,) = found(Deployment(model="m", provider="here", options={"beam_size": 5}))
    assert finding.message == "provider `here` has no options to pass on"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("old", "model `old` is switched off on 2027-02-26; its successor is `new`, which has no segments, words, diarization"),
        ("gone", "model `gone` is switched off on 2026-06-01"),
        ("moved", "model `moved` is switched off on 2026-06-01; its successor is `old`"),
    ],
)
def test_a_model_that_will_be_switched_off_is_a_warning(model: str, message: str) -> None:
    """With its successor, and what that cannot do."""
    (finding,) = found(cloud(NEEDED, model=model))
    assert (finding.severity, finding.path, finding.message) == ("warning", ("deployments", "d", "model"), message)


@pytest.mark.parametrize(
    ("today", "warned"),
    [(None, True), (date(2026, 1, 21), False), (date(2026, 1, 22), True), (date(2027, 2, 26), True), (date(2030, 1, 1), True)],
)
def test_a_retirement_that_is_far_off_is_no_warning_yet(today: date | None, warned: bool) -> None:
    """From 400 days before it on it is, and ever after; always where nobody says what day it is."""
    assert bool(found(cloud(NEEDED, model="old"), today=today)) is warned


def test_a_model_behind_another_name_is_looked_at() -> None:
    """The setting says which it is; without it, the name of the deployment does."""
    (finding,) = found(Deployment(model="ours", provider="named", settings={"base_model": "old-1"}))
    assert finding.message == "model `old-1` is switched off on 2027-02-26"
    assert found(Deployment(model="ours", provider="named")) == []
    (finding,) = found(Deployment(model="ours", account="main"), Account(provider="named", settings={"base_model": "old-1"}))
    assert finding.path == ("deployments", "d", "model")


@pytest.mark.parametrize("name", ["api_key", "Authorization", "xi-api-key"])
def test_a_key_is_no_option(name: str) -> None:
    """It would be sent in the body, and stand in the spec for everybody to read."""
    assert [finding.message for finding in found(cloud(NEEDED, {name: "sk-1"}))] == [
        f"`{name}` is no option: a key stands at `api_key`, by reference"
    ]


@pytest.mark.parametrize("value", ["${SECRET}", ("a", "b ${SECRET}"), {"inside": "${SECRET}"}])
def test_options_hold_no_references(value: PassedOption) -> None:
    """Nobody fills them in."""
    message = "`options` are passed on as they stand: no reference is filled in here"
    assert [finding.message for finding in found(cloud(NEEDED, {"seed": value}))] == [message]


@pytest.mark.parametrize("model", [" ", " new", "new\n"])
def test_a_model_has_a_name(model: str) -> None:
    """Blanks around it are a slip, and no provider knows such a model."""
    assert any("is no name of a model" in finding.message for finding in found(cloud(NEEDED, model=model)))
