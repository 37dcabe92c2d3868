from tests.making import attempt, first, plan_of
from voxplan.engine.plans.edges import Edge, edges


def after(found: tuple[Edge, ...], source: str, kind: str) -> Edge:
    """The edge of this source and kind."""
    (edge,) = [edge for edge in found if edge.source == source and edge.kind == kind]
    return edge


def test_a_kind_in_on_leads_to_all_later_children_in_order() -> None:
    """Those after the next are for when it is absent."""
    found = edges(plan_of(first(attempt("a"), attempt("b"), attempt("c"))))
    assert after(found, "r/a", "server_error").targets == ("r/b", "r/c")


def test_a_kind_outside_on_leads_out_of_its_first() -> None:
    """To what the outer one lists."""
    inner = first(attempt("a"), attempt("b"), on=("rate_limited",), node="r/first")
    found = edges(plan_of(first(inner, attempt("c"))))
    assert after(found, "r/a", "server_error").targets == ("r/c",)
    assert after(found, "r/a", "rate_limited").targets == ("r/b", "r/c")


def test_a_refused_key_does_not_lead_to_others_that_need_it() -> None:
    """Nor does any kind lead back to a deployment that has had its turn."""
    same_key = first(attempt("a", credential="k"), attempt("b", credential="k"), attempt("a", node="r/a~2"), attempt("c"))
    found = edges(plan_of(same_key))
    assert after(found, "r/a", "unauthorized").targets == ("r/c",)
    assert after(found, "r/a", "server_error").targets == ("r/b", "r/c")


def test_what_cannot_be_listed_ends_the_run() -> None:
    """Nobody is asked after the caller has gone."""
    found = edges(plan_of(first(attempt("a"), attempt("b"))))
    assert after(found, "r/a", "cancelled").end


def test_a_retried_kind_leads_back_first() -> None:
    """The edge says so apart from its targets, so that targets have no circle."""
    found = edges(plan_of(first(attempt("a", delays_ms=(1,), retry_on=("server_error",)), attempt("b"))))
    edge = after(found, "r/a", "server_error")
    assert edge.retry
    assert edge.targets == ("r/b",)
    assert not edge.end
