from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure

from voxplan.engine.language.condition import Condition, TimeWindow
from voxplan.engine.language.spec import Branch, Deployment, RouteNode, Spec
from voxplan.engine.terms.zone import Zone
from voxplan.io_shell.errors import SpecError
from voxplan.io_shell.loading import examine, load
from voxplan.io_shell.zones import resolve_zones, zones_of

# Half-hour changes, changes at Ramadan, winters ahead of summers, changes twice a week, none any more, never any.
NAMES = (
    "Africa/Casablanca",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Gaza",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Europe/Helsinki",
    "UTC",
)
ZONES = resolve_zones(NAMES).unwrap()
YEARS = st.integers(int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) - 1)


def offset_s(name: str, moment_s: int) -> float:
    """What the database says."""
    offset = datetime.fromtimestamp(moment_s, ZoneInfo(name)).utcoffset()
    return (offset or timedelta(0)).total_seconds()


@given(st.sampled_from(NAMES), YEARS)
def test_a_zone_is_as_the_database_says(name: str, moment_s: int) -> None:
    """At any second of a century."""
    assert ZONES[name].local_s(moment_s) - moment_s == offset_s(name, moment_s)


@pytest.mark.parametrize("name", NAMES)
def test_clocks_are_set_to_the_second(name: str) -> None:
    """The second before still has the old offset."""
    zone = ZONES[name]
    for start_s, old, new in zip(zone.starts_s[1:], zone.offsets_s, zone.offsets_s[1:], strict=False):
        assert (offset_s(name, start_s - 1), offset_s(name, start_s)) == (old, new)


@pytest.mark.slow
@pytest.mark.unmeasured
def test_no_change_of_the_clocks_is_missed() -> None:
    """Every zone there is, looked at every other day for a generation."""
    names = sorted(files("tzdata").joinpath("zones").read_text("utf-8").split())
    for name, zone in resolve_zones(names).unwrap().items():
        known = ZoneInfo(name)
        days = range(zone.starts_s[0], zone.starts_s[0] + 30 * 365 * 86_400, 60 * 3600)
        offsets = ((moment, datetime.fromtimestamp(moment, known).utcoffset()) for moment in days)
        assert [at for at, offset in offsets if timedelta(seconds=zone.local_s(at) - at) != offset] == [], name


def test_each_name_is_resolved_once() -> None:
    """And UTC needs no table."""
    assert resolve_zones(["UTC", "UTC"]).unwrap() == {"UTC": Zone((946_684_800,), (0,))}
    assert resolve_zones([]).unwrap() == {}


@pytest.mark.parametrize(
    "name", ["", "Europe", "europe/helsinki", "/etc/passwd", "../UTC", "Europe/Helsinki\0", "nowhere", "\ud800"]
)
def test_what_no_zone_is_called_is_unknown(name: str) -> None:
    """On every machine, whatever its file system takes for a name."""
    assert resolve_zones([name, "UTC"]) == Failure((name,))


def test_all_unknown_names_are_told() -> None:
    """In one go."""
    assert resolve_zones(["b", "UTC", "a"]) == Failure(("a", "b"))


def spec_with(*zones: str) -> Spec:
    """A route with a branch for each zone."""
    branches = tuple(Branch(if_=Condition(time=TimeWindow(zone=zone)), then=RouteNode(use="d")) for zone in zones)
    deployments = {"d": Deployment(provider="local", model="default")}
    return Spec(voxplan=1, deployments=deployments, routes={"r": RouteNode(when=branches)})


def test_the_zones_of_a_spec_are_those_that_its_conditions_name() -> None:
    """Each once."""
    names = ("UTC", "Asia/Kolkata", "UTC")
    assert set(zones_of(spec_with(*names)).unwrap()) == set(names)


def test_each_place_that_names_no_zone_is_an_error() -> None:
    """With the name that was probably meant."""
    errors = zones_of(spec_with("Europe/Helsinky", "UTC", "nowhere near")).failure()
    assert [finding.path for finding in errors] == [("routes", "r", "when", place, "if", "time", "zone") for place in (0, 2)]
    assert [finding.message for finding in errors] == [
        "unknown time zone `Europe/Helsinky`, did you mean `Europe/Helsinki`?",
        "unknown time zone `nowhere near`",
    ]


def test_an_unknown_zone_is_told_with_its_place(tmp_path: Path) -> None:
    """As every other mistake in a spec."""
    path = tmp_path / "x.yaml"
    path.write_text(
        "voxplan: 1\ndeployments:\n  d: {provider: local, model: default}\nroutes:\n  r:\n    when:\n"
        "      - if: {time: {from: '08:00', zone: Europe/Helsinky}}\n        then: d\n    otherwise: d\n"
    )
    (error,) = examine(path).errors
    assert (error.line, error.message) == (7, "unknown time zone `Europe/Helsinky`, did you mean `Europe/Helsinki`?")
    with pytest.raises(SpecError, match="unknown time zone `Mars/Olympus`"):
        load(spec_with("Mars/Olympus"))


def test_a_loaded_spec_carries_its_zones(tmp_path: Path) -> None:
    """Whichever way it came."""
    path = tmp_path / "x.yaml"
    path.write_text(
        "voxplan: 1\ndeployments:\n  d: {provider: local, model: default}\nroutes:\n  r:\n    when:\n"
        "      - if: {time: {from: '08:00', zone: Asia/Kolkata}}\n        then: d\n    otherwise: d\n"
    )
    assert load(path).zones == load(spec_with("Asia/Kolkata")).zones == {"Asia/Kolkata": ZONES["Asia/Kolkata"]}
