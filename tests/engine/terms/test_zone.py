from hypothesis import given
from hypothesis import strategies as st

from voxplan.engine.terms.zone import UTC, Zone

WINTER_SUMMER = Zone((0, 100, 200), (0, 3600, -60))


def test_an_offset_holds_from_its_start_on() -> None:
    """To the second; the first also before."""
    assert [WINTER_SUMMER.local_s(moment) - moment for moment in (-5, 0, 99, 100, 199, 200, 10**9)] == [
        0,
        0,
        0,
        3600,
        3600,
        -60,
        -60,
    ]


@given(st.integers(-(10**11), 10**11))
def test_utc_is_never_ahead(moment_s: int) -> None:
    """Of itself."""
    assert UTC.local_s(moment_s) == moment_s
