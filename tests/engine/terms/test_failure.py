from typing import get_args

from voxplan.engine.terms.failure import KINDS, LISTABLE, RETRIED, STAR, FailureKind, worst


def test_the_table_has_a_row_for_every_kind() -> None:
    """No kind without a meaning."""
    assert set(KINDS) == set(get_args(FailureKind))
    assert all(rule.meaning for rule in KINDS.values())


def test_star_covers_what_another_provider_might_do_better() -> None:
    """Neither what the caller did nor what a guardrail said."""
    assert set(LISTABLE) - set(STAR) == {"invalid_request", "content_filtered"}
    assert set(KINDS) - set(LISTABLE) == {"cancelled", "blocked"}


def test_what_is_retried_is_also_passed_on() -> None:
    """A kind that is worth a second call is worth another deployment."""
    assert set(RETRIED) <= set(STAR)


def test_the_worst_kind_is_the_first_in_the_order_of_blame() -> None:
    """Whatever the order of the attempts."""
    assert worst(("not_connected", "timed_out")) == worst(("timed_out", "not_connected")) == "timed_out"
