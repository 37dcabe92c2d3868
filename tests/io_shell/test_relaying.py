from voxplan.adapters.wire import Tell
from voxplan.engine.runs.run import Release
from voxplan.io_shell.relaying import Relay
from voxplan.io_shell.running import Happened


def test_nothing_leaves_before_its_call_is_released() -> None:
    """Then all of it does, in order; the text of other calls never does."""
    delivered: list[str] = []
    relay = Relay(lambda text: delivered.append(text.delta))
    relay.tell(1, Tell(delta="to "))
    relay.tell(2, Tell(delta="not "))
    relay.tell(1, Tell(delta="be "))
    assert (delivered, relay.released) == ([], None)
    relay.observe(Happened(moment_ms=0, what=Release(attempt=1)))
    assert (delivered, relay.released) == (["to ", "be "], 1)
    relay.tell(2, Tell(delta="not"))
    relay.tell(1, Tell(delta="or"))
    assert delivered == ["to ", "be ", "or"]
