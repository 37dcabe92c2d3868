"""Requests that another gateway was seen to answer wrongly, late or by chance, and the right answer to each.

`Row.reference` is what LiteLLM's proxy answered to it, with a provider like the ones here behind it. The routes are those of
`test_thirty_requests`.
"""

from typing import Final

from tests.conformance.behaviours import MISBEHAVIOURS, Hang, Honest, Reply, Truncate
from tests.end_to_end.right_answers import (
    AUDIO,
    TEXT,
    Ask,
    Right,
    Row,
    arrived_whole,
    asked_for,
    has_only,
    has_speakers,
    has_times,
    is_a_stream,
    is_subtitles,
)

__all__ = ("REFUSED", "ROWS")

PLAIN: Final = "text/plain; charset=utf-8"
MIB: Final = 1 << 20

FAILS: Final = MISBEHAVIOURS["500"]
LIMITED: Final = Reply(429, b'{"error":{"message":"Rate limit reached for org-secret"}}', headers=(("retry-after", "2"),))
REFUSED: Final = Reply(401, b'{"error":{"message":"Incorrect API key provided: sk-12345678","code":"invalid_api_key"}}')
LARGE: Final = Reply(413, b'{"error":{"message":"413: Maximum content size limit (26214400) exceeded"}}')
BAD: Final = Reply(400, b'{"error":{"message":"Audio file might be corrupted","code":"invalid_value","param":"file"}}')
HTML: Final = Reply(200, b"<html>502 Bad Gateway</html>", content_type="text/html")
SECOND: Final = (("fallbacks[]", "second"),)

ROWS: Final = (
    Row(
        "no format",
        "200; upstream got verbose_json; client got segments and words nobody asked for",
        Ask("whisper"),
        Right(text=TEXT, calls={"first": 1}, check=asked_for("first", response_format="json")),
    ),
    Row(
        "json",
        '200 {"text": …, "usage": {"type": "duration", "seconds": 4.0}}',
        Ask("whisper", (("response_format", "json"),)),
        Right(text=TEXT, check=has_only("text", "usage")),
    ),
    Row(
        "text",
        "200 application/json",
        Ask("whisper", (("response_format", "text"),)),
        Right(content_type=PLAIN, begins=TEXT),
    ),
    Row(
        "srt",
        "200 application/json",
        Ask("whisper", (("response_format", "srt"),)),
        Right(content_type=PLAIN, check=is_subtitles),
    ),
    Row(
        "vtt",
        "200 application/json",
        Ask("whisper", (("response_format", "vtt"),)),
        Right(content_type="text/vtt; charset=utf-8", begins="WEBVTT\n\n"),
    ),
    Row(
        "verbose_json",
        "200",
        Ask("whisper", (("response_format", "verbose_json"),)),
        Right(text=TEXT, begins='{"task":"transcribe"'),
    ),
    Row(
        "diarized_json",
        "200",
        Ask("speakers", (("response_format", "diarized_json"),)),
        Right(text=TEXT, check=has_speakers),
    ),
    Row(
        "bogus format",
        "forwarded, 200",
        Ask("whisper", (("response_format", "bogus"),)),
        Right(400, code="invalid_value", param="response_format", calls={"first": 0}),
    ),
    Row(
        "timestamp_granularities[]=word,segment",
        "forwarded",
        Ask(
            "whisper",
            (
                ("response_format", "verbose_json"),
                ("timestamp_granularities[]", "word"),
                ("timestamp_granularities[]", "segment"),
            ),
        ),
        Right(text=TEXT, check=has_times),
    ),
    Row(
        "gpt-transcribe, no format",
        "upstream gets verbose_json, which it refuses",
        Ask("newest"),
        Right(text=TEXT, check=asked_for("newest-there", response_format="json")),
    ),
    Row(
        "stream=true",
        "200 JSON, its text the lines of the events, after the whole wait",
        Ask("live", (("stream", "true"),)),
        Right(content_type="text/event-stream; charset=utf-8", check=is_a_stream),
    ),
    Row(
        "fallbacks[], one that fails",
        "200 after 2.6 s",
        Ask("whisper", SECOND),
        Right(text=TEXT, headers={"x-litellm-attempted-fallbacks": "1"}, check=arrived_whole, seconds=5),
        {"first": (FAILS,)},
    ),
    Row(
        "fallbacks[], two hops",
        "200 after 5.3 s; the header still says 1",
        Ask("whisper", (("fallbacks[]", "second"), ("fallbacks[]", "third"))),
        Right(
            text=TEXT,
            headers={"x-litellm-attempted-fallbacks": "2", "x-voxplan-served-by": "third"},
            check=arrived_whole,
            seconds=5,
        ),
        {"first": (FAILS,), "second": (FAILS,)},
    ),
    Row(
        "fallbacks without brackets",
        '500 "Fallback to r/] also failed"',
        Ask("whisper", (("fallbacks", "second"),)),
        Right(text=TEXT, headers={"x-voxplan-served-by": "second"}),
        {"first": (FAILS,)},
    ),
    Row(
        "fallbacks as a list of JSON",
        '500 "Fallback to r/] also failed"',
        Ask("whisper", (("fallbacks", '["second", "third"]'),)),
        Right(text=TEXT, headers={"x-voxplan-served-by": "third", "x-voxplan-fallbacks": "2"}),
        {"first": (FAILS,), "second": (FAILS,)},
    ),
    Row(
        "fallbacks[] to groq, srt",
        "500, the text of an unsupported parameter appended",
        Ask("whisper", (("fallbacks[]", "groq"), ("response_format", "srt"))),
        Right(content_type=PLAIN, headers={"x-voxplan-served-by": "groq-there"}, check=is_subtitles),
        {"first": (FAILS,)},
    ),
    Row(
        "fallbacks[] to deepgram, json",
        "500, the text of an unsupported parameter appended",
        Ask("whisper", (("fallbacks[]", "deepgram"), ("response_format", "json"))),
        Right(headers={"x-voxplan-served-by": "deepgram-there"}, begins='{"text":"'),
        {"first": (FAILS,)},
    ),
    Row(
        "mock_testing_fallbacks=true",
        "400: disabled; 200 with a flag of the server's called dangerous",
        Ask("whisper", (*SECOND, ("mock_testing_fallbacks", "true"))),
        Right(text=TEXT, headers={"x-voxplan-served-by": "second"}, calls={"first": 0, "second": 1}),
    ),
    Row(
        "upstream 500",
        "500 after 2.6 s, without headers of retries and fallbacks",
        Ask("whisper"),
        Right(502, code="provider_failed", headers={"x-litellm-attempted-retries": "0", "x-voxplan-attempts": "1"}, seconds=5),
        {"first": (FAILS,)},
    ),
    Row(
        "upstream 500, with a retry in the spec",
        "500 after 2.6 s, without headers of retries and fallbacks",
        Ask("again"),
        Right(text=TEXT, headers={"x-litellm-attempted-retries": "1", "x-voxplan-attempts": "2"}, check=arrived_whole),
        {"first": (FAILS,)},
    ),
    Row(
        "upstream 429, Retry-After 2",
        "429 after 5.2 s, without Retry-After",
        Ask("whisper"),
        Right(429, code="rate_limit_exceeded", headers={"retry-after": "2"}, seconds=5),
        {"first": (LIMITED,)},
    ),
    Row(
        "upstream 400",
        "400, the parameter kept",
        Ask("whisper"),
        Right(400, code="unsupported_value"),
        {"first": (BAD,)},
    ),
    Row(
        "upstream 400, with a fallback",
        "200",
        Ask("whisper", SECOND),
        Right(text=TEXT, headers={"x-voxplan-served-by": "second"}),
        {"first": (BAD,)},
    ),
    Row(
        "upstream 401",
        "401, as if the caller's key were wrong",
        Ask("whisper"),
        Right(502, code="provider_key_refused", headers={"x-should-retry": "false"}),
        {"first": (REFUSED,)},
    ),
    Row(
        "upstream 401, with a fallback",
        "200",
        Ask("whisper", (("fallbacks[]", "groq"),)),
        Right(headers={"x-voxplan-served-by": "groq-there"}),
        {"first": (REFUSED,)},
    ),
    Row(
        "upstream 413",
        "413",
        Ask("whisper"),
        Right(413, code="too_large", param="file"),
        {"first": (LARGE,)},
    ),
    Row(
        "upstream 413, with a fallback",
        "not tried",
        Ask("whisper", SECOND),
        Right(text=TEXT, headers={"x-voxplan-served-by": "second"}),
        {"first": (LARGE,)},
    ),
    Row(
        "upstream hangs, the route has a timeout",
        "408 after 8.7 s, of which 3 were the timeout",
        Ask("hurried"),
        Right(504, code="timed_out", seconds=5),
        {"first": (Hang(),)},
    ),
    Row(
        "upstream hangs, timeout in the form",
        "408 after 4.8 s for a timeout of 1",
        Ask("again", (("timeout", "0.5"),)),
        Right(504, code="timed_out", seconds=5),
        {"first": (Hang(),)},
    ),
    Row(
        "upstream hangs, x-litellm-timeout",
        "408 after 4.4 s for a timeout of 1",
        Ask("again", headers={"x-litellm-timeout": "0.5"}),
        Right(504, code="timed_out", seconds=5),
        {"first": (Hang(),)},
    ),
    Row(
        "truncated JSON with 200",
        "500 APIConnectionError after a retry",
        Ask("whisper"),
        Right(502),
        {"first": (Truncate(),)},
    ),
    Row(
        "truncated JSON with 200, with a fallback",
        "200",
        Ask("whisper", SECOND),
        Right(text=TEXT, headers={"x-voxplan-served-by": "second"}),
        {"first": (Truncate(),)},
    ),
    Row(
        "HTML with 200",
        '200, text="<html>502 Bad Gateway</html>"',
        Ask("whisper"),
        Right(502, code="provider_bad_answer"),
        {"first": (HTML,)},
    ),
    Row(
        "HTML with 200 where text was asked for",
        '200, text="<html>502 Bad Gateway</html>"',
        Ask("whisper", (*SECOND, ("response_format", "text"))),
        Right(content_type=PLAIN, begins=TEXT, headers={"x-voxplan-served-by": "second"}),
        {"first": (HTML,)},
    ),
    Row(
        '{"foo":"bar"} with 200',
        "200, text=null",
        Ask("whisper"),
        Right(502, code="provider_bad_answer"),
        {"first": (MISBEHAVIOURS["other JSON with 200"],)},
    ),
    Row(
        "an empty transcript",
        '200, text=""',
        Ask("whisper"),
        Right(text=""),
        {"first": (Honest(""),)},
    ),
    Row(
        "an empty transcript where the spec wants more",
        "no such option",
        Ask("not-empty"),
        Right(text=TEXT, headers={"x-voxplan-served-by": "second"}),
        {"first": (Honest(""),)},
    ),
    Row(
        "connection refused",
        "500 APIConnectionError after 2.7 s",
        Ask("nobody"),
        Right(502, code="provider_not_connected", seconds=5),
    ),
    Row(
        "30 MiB to a provider that takes them",
        "forwarded whole, 200",
        Ask("groq", audio=AUDIO + bytes(30 * MIB)),
        Right(headers={"x-voxplan-served-by": "groq-there"}, check=arrived_whole),
    ),
    Row(
        "30 MiB to a provider that takes 25",
        "forwarded whole, and refused there",
        Ask("whisper", audio=AUDIO + bytes(30 * MIB)),
        Right(413, code="too_large", param="file", calls={"first": 0}),
    ),
    Row(
        "an empty file",
        "forwarded, 200",
        Ask("whisper", audio=b""),
        Right(400, param="file", calls={"first": 0}),
    ),
    Row(
        "no file",
        "422 FastAPI detail",
        Ask("whisper", audio=None),
        Right(400, code="missing_required_parameter", param="file"),
    ),
    Row(
        "the file as text",
        "422 FastAPI detail",
        Ask("whisper", (("file", "talk.wav"),), audio=None),
        Right(400, param="file"),
    ),
    Row(
        "a file of text",
        "422 FastAPI detail",
        Ask("whisper", audio=b"Dear diary,\n"),
        Right(400, param="file", calls={"first": 0}),
    ),
    Row(
        "JSON instead of a form",
        "422 FastAPI detail",
        Ask(None, raw=b'{"model": "whisper"}'),
        Right(415, code="unsupported_media_type"),
    ),
    Row(
        "unknown model",
        "400, a stringified dict",
        Ask("whispr"),
        Right(404, code="model_not_found", param="model"),
    ),
    Row(
        "no model",
        '400 "model=None"',
        Ask(None),
        Right(400, code="missing_required_parameter", param="model"),
    ),
    Row(
        "wrong key",
        "400 No connected db.",
        Ask("whisper", key="sk-wrong"),
        Right(401, code="invalid_api_key", headers={"www-authenticate": "Bearer"}, calls={"first": 0}),
    ),
    Row(
        "no key",
        "500 plain text",
        Ask("whisper", key=None),
        Right(401, code="invalid_api_key", calls={"first": 0}),
    ),
    Row(
        "api_base in the form",
        "500 plain text",
        Ask("whisper", (("api_base", "http://127.0.0.1:9/v1"),)),
        Right(400, code="unsupported_parameter", param="api_base", calls={"first": 0}),
    ),
    Row(
        "num_retries in the form allows fewer",
        "500 TypeError",
        Ask("again", (("num_retries", "0"),)),
        Right(502, code="provider_failed", headers={"x-litellm-attempted-retries": "0"}, calls={"first": 1}),
        {"first": (FAILS,)},
    ),
    Row(
        "num_retries=abc",
        "500 TypeError",
        Ask("whisper", (("num_retries", "abc"),)),
        Right(400, code="invalid_type", param="num_retries"),
    ),
    Row(
        "timeout=abc",
        '500 "Connection error"',
        Ask("whisper", (("timeout", "abc"),)),
        Right(400, param="timeout", calls={"first": 0}),
    ),
    Row(
        "ovhcloud, srt",
        "500 with the transcript in the error",
        Ask("ovhcloud", (("response_format", "srt"),)),
        Right(content_type=PLAIN, check=is_subtitles),
    ),
    Row(
        "mistral, srt",
        "200 with the body of an error",
        Ask("mistral", (("response_format", "srt"),)),
        Right(content_type=PLAIN, check=is_subtitles),
    ),
    Row(
        "assemblyai",
        "500 with a traceback for the client",
        Ask("assemblyai"),
        Right(begins='{"text":"', headers={"x-voxplan-served-by": "assemblyai-there"}, seconds=30),
    ),
)
