"""`accept` gates: what a raw transcript must satisfy to be an answer."""

import zlib

from voxplan.engine.plans.plan import Gates
from voxplan.engine.terms.transcript import Transcript

__all__ = ("compression_ratio", "failed_gates")


def compression_ratio(text: str) -> float:
    """How much shorter the text becomes when compressed; looping output compresses far better than speech.

    The measure of Whisper's decoder (`len(utf-8) / len(zlib)`), whose own threshold is 2.4. The empty text has ratio 0.
    """
    data = text.encode()
    return len(data) / len(zlib.compress(data)) if data else 0.0


def failed_gates(gates: Gates | None, transcript: Transcript) -> tuple[str, ...]:
    """What is wrong with the transcript, one line for each gate that it fails."""
    if gates is None:
        return ()
    failed: list[str] = []
    if gates.not_empty and not transcript.text.strip():
        failed.append("the transcript is empty")
    most = gates.max_compression_ratio
    if most is not None and (ratio := compression_ratio(transcript.text)) > most:
        failed.append(f"compression ratio {ratio:.2f} is over {most:g}")
    return tuple(failed)
