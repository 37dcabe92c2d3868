import pytest

from voxplan.engine.plans.plan import LeftOut, Reason, ReasonCode, Refusal
from voxplan.io_shell.errors import ProviderError, RequestError, VoxplanError
from voxplan.io_shell.failing import refused


def out(name: str, *codes: ReasonCode) -> LeftOut:
    """A deployment left out for these reasons."""
    reasons = tuple(Reason(code=code, detail=code.replace("_", " ")) for code in codes)
    return LeftOut(node=f"r/{name}", deployments=(name,), reasons=reasons)


@pytest.mark.parametrize(
    ("refusal", "message"),
    [
        (
            Refusal(code="unknown_route", route="mian", names=("mian",), routes=("main",)),
            "unknown route `mian`, did you mean `main`?",
        ),
        (
            Refusal(code="unknown_fallback", route="main", names=("opnai",), routes=("main", "openai")),
            "no deployment or route for the fallback `opnai`, did you mean `openai`?",
        ),
        (
            Refusal(code="unknown_simulation", route="main", names=("x", "y"), routes=("openai",)),
            "no deployment or provider to simulate failures of: `x`, `y`",
        ),
        (Refusal(code="not_allowed", route="main", names=("main",), routes=()), "this caller may not use `main`"),
        (
            Refusal(code="too_many_attempts", route="main", names=("big", "bigger")),
            "with the fallbacks `big`, `bigger` route `main` may take more than 256 attempts",
        ),
    ],
)
def test_names_that_are_wrong_are_the_callers_fault(refusal: Refusal, message: str) -> None:
    """One line, with what was probably meant."""
    error = refused(refusal)
    assert (type(error), str(error)) == (RequestError, message)


@pytest.mark.parametrize(
    ("left_out", "blamed"),
    [
        ((out("a", "incapable"), out("b", "incapable", "cooling")), RequestError),
        ((out("a", "incapable"), out("b", "not_chosen"), out("c", "not_spilled")), RequestError),
        ((out("a", "not_allowed"), out("b", "weight_zero")), RequestError),
        ((out("a", "incapable"), out("b", "cooling")), ProviderError),
        ((out("a", "requirement_unmet"),), ProviderError),
        ((out("a", "not_chosen"),), ProviderError),
    ],
)
def test_no_plan_is_the_callers_fault_when_nobody_looked_at_could_ever_do_it(
    left_out: tuple[LeftOut, ...], blamed: type[VoxplanError]
) -> None:
    """What the route passed over counts for neither side."""
    assert type(refused(Refusal(code="nothing_eligible", route="r", left_out=left_out))) is blamed


def test_arms_that_were_left_out_together_are_told_together() -> None:
    """With all their reasons."""
    group = LeftOut(node="r", deployments=("a", "b"), reasons=out("a", "not_spilled").reasons)
    error = refused(Refusal(code="nothing_eligible", route="r", left_out=(group, out("c", "cooling", "incapable"))))
    assert str(error).endswith("can take this request: `a`, `b` not spilled; `c` cooling, incapable")


def test_waiting_is_told_where_it_helps() -> None:
    """As the planner found."""
    error = refused(Refusal(code="nothing_eligible", route="r", left_out=(out("a", "cooling"),), retry_after_ms=70))
    assert isinstance(error, ProviderError)
    assert error.retry_after_ms == 70
