from tests.plans import failure, transcript
from voxplan.engine.run import Answered, Cancelled, Denied, Event, Failed, Woke, precedence


def test_at_one_instant_answers_come_before_failures_before_wakes() -> None:
    """And by id among themselves; a caller who left comes first of all."""
    events: list[Event] = [
        Woke(timer=1),
        Denied(attempt=1, why=""),
        Failed(attempt=2, failure=failure("server_error")),
        Failed(attempt=1, failure=failure("server_error")),
        Answered(attempt=9, transcript=transcript()),
        Cancelled(),
    ]
    assert sorted(events, key=precedence) == [events[5], events[4], events[3], events[2], events[1], events[0]]
