from tests.plans import failure, transcript
from voxplan.engine.runs.run import Answered, Broke, Cancelled, Checked, Delta, Denied, Event, Failed, Woke, precedence


def test_the_order_of_events_at_one_instant() -> None:
    """By what they are, and by id among themselves; a caller who left comes first of all, then a denial."""
    events: list[Event] = [
        Woke(timer=1),
        Checked(check=1, verdict=Broke(why="")),
        Failed(attempt=2, failure=failure("server_error")),
        Failed(attempt=1, failure=failure("server_error")),
        Answered(attempt=9, transcript=transcript()),
        Delta(attempt=9),
        Denied(attempt=9, why=""),
        Cancelled(),
    ]
    assert sorted(events, key=precedence) == events[::-1]
