"""What Gemini models can do with speech, wherever they are called.

Times are facts only of the dedicated model: those that are merely told to transcribe make them up when they are asked for them.
"""

from typing import Final

from voxplan.engine.terms.capability import Capabilities

__all__ = ("DEDICATED", "LIVE", "PROMPTED")

# More than 85 languages, detected by itself; 1 h, half of that with word times or speakers; word times and speakers exclude a
# vocabulary, which the adapters see to. No instructions: text parts are answered by 400 [D, S: google-genai].
DEDICATED: Final = Capabilities(
    languages="any",
    words=True,
    diarization=True,
    languages_hint=True,
    keywords=True,
    max_seconds=3600.0,
    source="ai.google.dev/gemini-api/docs/models/gemini-3.5-transcribe, google-genai 3.4.0",
)

# Language, prompt and context go into the instruction; recorded for language and prompt, with times refused as invented.
PROMPTED: Final = Capabilities(
    languages="any",
    prompt=True,
    temperature=True,
    streaming=True,
    languages_hint=True,
    source="ai.google.dev/gemini-api/docs/audio, answers recorded from the service",
)

# WebSockets only.
LIVE: Final = Capabilities(source="ai.google.dev/gemini-api/docs/live")
