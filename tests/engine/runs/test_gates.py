from tests.plans import transcript
from voxplan.engine.plans.plan import Gates
from voxplan.engine.runs.gates import compression_ratio, failed_gates


def test_speech_compresses_less_than_a_loop() -> None:
    """Whisper's threshold of 2.4 lies between them."""
    assert compression_ratio("and so my fellow americans ask not what your country can do for you") < 2.4
    assert compression_ratio("thank you for watching " * 20) > 2.4


def test_each_gate_says_what_is_wrong() -> None:
    """One line each."""
    gates = Gates(not_empty=True, max_compression_ratio=2.4)
    assert failed_gates(gates, transcript("  ")) == ("the transcript is empty",)
    assert failed_gates(gates, transcript("la " * 200))[0].startswith("compression ratio ")
    assert failed_gates(gates, transcript("hello")) == ()


def test_without_gates_everything_passes() -> None:
    """An empty transcript may be silence."""
    assert failed_gates(None, transcript("")) == ()
