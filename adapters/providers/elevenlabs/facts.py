"""What is known of the models of ElevenLabs for recorded audio.

[S] was read in the official client (elevenlabs 2.78, `speech_to_text`), which quotes the API's own description. No model takes a
prompt; what is streamed is so over WebSockets only.
"""

from typing import Final

from msgspec.structs import replace

from voxplan.engine.terms.capability import Capabilities, PriceFacts, ProviderFacts

__all__ = ("FACTS",)

# $0.22 an hour; the plan that one is on decides, and keyterms cost a fifth more [S].
_PRICE: Final = PriceFacts(
    per_minute=3_666_667, estimated=True, source="litellm 1.106, model_prices_and_context_window.json, November 2026"
)

# All languages are detected, every word has its times, speakers are told apart on demand, and the temperature goes to 2 [S].
# 3 GB, 10 h [D]. Several languages can be given to scribe_v3 alone, and beside the main one only [S]: that is another question
# than which of them is spoken.
_ANY: Final = Capabilities(
    languages="any",
    segments=True,
    words=True,
    diarization=True,
    temperature=True,
    max_bytes=3_000_000_000,
    max_seconds=36_000.0,
    source="elevenlabs.io/docs/api-reference/speech-to-text/convert, as its client has it",
)

# Keyterms came with the second model [D].
_SCRIBE_2: Final = replace(_ANY, keywords=True, price=_PRICE)

FACTS: Final = ProviderFacts(
    provider="elevenlabs",
    vendor="elevenlabs",
    default_key="${ELEVENLABS_API_KEY}",
    models=(
        ("scribe_v1", replace(_ANY, price=_PRICE)),
        ("scribe_v1_experimental", replace(_ANY, price=_PRICE)),
        ("scribe_v2", _SCRIBE_2),
    ),
    otherwise=_ANY,
    # A webhook or an address of the audio would make another request of it.
    owned=(
        "cloud_storage_url",
        "diarize",
        "file",
        "language_code",
        "model_id",
        "source_url",
        "temperature",
        "timestamps_granularity",
        "token",
        "webhook",
        "webhook_id",
        "webhook_metadata",
    ),
    channels_option="use_multi_channel",
)
