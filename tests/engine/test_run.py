from tests.plans import failure, transcript
from voxplan.engine.run import Answered, Broke, Cancelled, Checked, Delta, Denied, Event, Failed, Woke, precedence


def test_the_order_of_events_at_one_instant() -> None:
    """By what they are, and by id among themselves; a caller who left comes first of all, then a denial."""
    events: list[Event] = [
        Cancelled(),
        Denied(attempt=9, why=""),
        Delta(attempt=9),
        Answered(attempt=9, transcript=transcript()),
        Failed(attempt=1, failure=failure("server_error")),
        Failed(attempt=2, failure=failure("server_error")),
        Checked(check=1, verdict=Broke(why="")),
        Woke(timer=1),
    ]
    assert sorted(events[::-1], key=precedence) == events
