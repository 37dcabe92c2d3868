from collections.abc import Mapping

import pytest

from voxplan.engine.terms.failure import KINDS, LISTABLE
from voxplan.engine.terms.request import Simulation
from voxplan.io_shell.asking import asked_deadline, asked_flag, asked_metadata, asked_simulation
from voxplan.io_shell.errors import RequestError


@pytest.mark.parametrize(
    ("wanted", "ms"), [(None, None), (30, 30_000), (0.25, 250), ("30s", 30_000), ("2m", 120_000), ("1", 1000)]
)
def test_a_deadline_is_seconds_or_a_duration(wanted: float | str | None, ms: int | None) -> None:
    """In whole milliseconds."""
    assert asked_deadline(wanted) == ms


@pytest.mark.parametrize("wanted", [0, -1, "0s", "soon", float("nan"), float("inf"), "1s + 1 * audio.seconds", True])
def test_a_deadline_is_some_time(wanted: float | str) -> None:
    """And says so."""
    with pytest.raises(RequestError, match="`deadline`"):
        asked_deadline(wanted)


def test_failures_to_pretend_are_in_order_and_may_be_none() -> None:
    """Asking for nothing is not asking."""
    assert asked_simulation(None, first_child=False) is None
    assert asked_simulation({}, first_child=True) == Simulation(first_child=True)
    assert asked_simulation({"b": "timed_out", "a": "overloaded"}, first_child=False) == Simulation(
        failures=(("a", "overloaded"), ("b", "timed_out"))
    )


@pytest.mark.parametrize(
    ("kind", "close"), [("rate_limit", ", did you mean `rate_limited`?"), *((kind, "") for kind in KINDS if kind not in LISTABLE)]
)
def test_only_failures_that_a_call_can_have_are_pretended(kind: str, close: str) -> None:
    """Neither a guardrail's no nor a caller who left."""
    with pytest.raises(RequestError) as raised:
        asked_simulation({"openai": kind}, first_child=False)  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    assert str(raised.value) == f"cannot simulate `{kind}` at `openai`: no such failure of a call{close}"


def test_metadata_is_pairs_of_text_in_order() -> None:
    """So that equal metadata gives equal requests."""
    assert asked_metadata({"b": "2", "a": ""}) == (("a", ""), ("b", "2"))
    assert asked_metadata(None) == ()


@pytest.mark.parametrize("wanted", [{"plan": None}, {"plan": 3}, {"plan": "\udcff"}])
def test_metadata_is_nothing_but_text(wanted: Mapping[str, str]) -> None:
    """The message names the entry."""
    with pytest.raises(RequestError, match=r"`metadata\.plan`"):
        asked_metadata(wanted)


def test_a_flag_is_true_or_false() -> None:
    """A text that says `false` is neither."""
    assert asked_flag("diarize", True)
    with pytest.raises(RequestError, match="`diarize` is `false`: expected true or false"):
        asked_flag("diarize", "false")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
