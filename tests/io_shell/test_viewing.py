import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from tests.making import router, use
from tests.strategies import views
from voxplan.engine.observed.view import EMPTY_VIEW, AccountView, DeploymentView, Latency, Load, Tally, View
from voxplan.io_shell.viewing import print_view, read_view, strangers

WHOLE = View(
    deployments={
        "b": DeploymentView(circuit="half_open", openings=2, until_ms=1, probe_ms=2, probe_until_ms=3, cause="overloaded"),
        "a": DeploymentView(failures=1, load=Load(in_flight=2, starts_ms=(1, 2)), latency=Latency(us_per_second=5, at_ms=1)),
    },
    accounts={"openai ${KEY}": AccountView(openings=1, since_ms=1, until_ms=2, cause="unauthorized", load=Load(in_flight=1))},
    tallies=(Tally(from_ms=0, first=2), Tally(from_ms=10_000, extra=1)),
)


@given(views() | st.just(WHOLE))
def test_what_is_printed_reads_back(view: View) -> None:
    """Every field comes back as it was."""
    assert read_view(print_view(view).encode()) == Success(view)


def test_what_is_as_ever_is_left_out() -> None:
    """The view of a service that has just begun is empty, and so is every part of it."""
    assert print_view(EMPTY_VIEW) == "{}\n"
    assert print_view(View(deployments={"a": DeploymentView()})) == '{\n  "deployments": {\n    "a": {}\n  }\n}\n'


def test_equal_views_print_alike() -> None:
    """Whichever deployment was called first."""
    turned = View(deployments=dict(reversed(WHOLE.deployments.items())), accounts=WHOLE.accounts, tallies=WHOLE.tallies)
    assert print_view(turned) == print_view(WHOLE)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "1:1: the document is empty"),
        ("deployments: {}", "1:1: not JSON: expected a value"),
        ("[]", "1:1: expected a mapping, got a list"),
        (
            '{"deployments": {"a":\n {"circut": "open"}}}',
            "2:3: deployments.a.circut: unknown key `circut` in `deployments.a`, did you mean `circuit`?",
        ),
        ('{"deployments": {"a": {"until_ms": 1.5}}}', "1:36: deployments.a.until_ms: expected a whole number, got `1.5`"),
        ('{"deployments": {"a": {"failures": -1}}}', "1:36: deployments.a.failures: expected at least 0, got `-1`"),
        ('{"tallies": [{"first": 1}]}', "1:14: tallies[0]: missing key `from_ms` in `tallies[0]`"),
    ],
)
def test_what_is_no_view_is_told_in_one_line_with_its_place(content: str, message: str) -> None:
    """As the mistakes of a spec are."""
    assert read_view(content.encode()) == Failure(message)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_view_or_a_mistake(content: bytes) -> None:
    """Reading never raises."""
    read = read_view(content)
    assert isinstance(read, Success) or "\n" not in read.failure()


def test_what_the_spec_does_not_have_is_named() -> None:
    """With a guess, because the view or the spec may be an old one."""
    view = View(deployments={"a": DeploymentView(), "servr": DeploymentView()}, accounts={"a": AccountView(), "k": AccountView()})
    found = tuple(strangers(view, router(use("server"), "a", "server")))
    assert found == ("no deployment `servr` in the spec, did you mean `server`?", "no credential `k` in the spec")
