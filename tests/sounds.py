"""Sounds that need no file."""

import io
import wave

__all__ = ("tone",)


def tone(seconds: float = 1.0) -> bytes:
    """A WAV of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(16_000)
        audio.writeframes(bytes(int(seconds * 32_000)))
    return file.getvalue()
