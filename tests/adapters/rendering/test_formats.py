import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from returns.result import Failure, Success

from voxplan.adapters.rendering.formats import Rendered, render, to_json
from voxplan.adapters.rendering.subtitles import cues
from voxplan.engine.terms.request import ResponseFormat
from voxplan.engine.terms.transcript import Segment, Transcript, Usage, Word

TALK = Transcript(
    text="Good morning. It is 5 < 6 & done.",
    language="en",
    seconds=4.0,
    segments=(
        Segment(text="Good morning.", start=0.0, end=1.2996, avg_logprob=-0.25, tokens=(1, 2)),
        Segment(text="It is 5 < 6 & done.", start=1.3, end=3.9996, speaker="A"),
    ),
    usage=Usage(kind="duration", seconds=4.0),
)

times = st.floats(0, 400_000, allow_nan=False)
segments = st.builds(Segment, text=st.text(max_size=40), start=times, end=times, speaker=st.none() | st.text(max_size=8))
words = st.builds(Word, word=st.text(min_size=1, max_size=12), start=times, end=times)
transcripts = st.builds(
    Transcript,
    text=st.text(max_size=40),
    segments=st.none() | st.lists(segments, max_size=5).map(tuple),
    words=st.none() | st.lists(words, max_size=12).map(tuple),
)


def rendered(transcript: Transcript, response_format: ResponseFormat) -> str:
    """The text of a rendering that must succeed."""
    made = render(transcript, response_format)
    assert isinstance(made, Success)
    return made.unwrap().text


@pytest.mark.parametrize(
    ("response_format", "content_type", "text"),
    [
        ("text", "text/plain; charset=utf-8", "Good morning. It is 5 < 6 & done.\n"),
        ("json", "application/json", '{"text":"Good morning. It is 5 < 6 & done.","usage":{"type":"duration","seconds":4}}'),
        (
            "srt",
            "text/plain; charset=utf-8",
            "1\n00:00:00,000 --> 00:00:01,300\nGood morning.\n\n2\n00:00:01,300 --> 00:00:04,000\nA: It is 5 < 6 & done.\n\n",
        ),
        (
            "vtt",
            "text/vtt; charset=utf-8",
            (
                "WEBVTT\n\n00:00:00.000 --> 00:00:01.300\nGood morning.\n\n"
                "00:00:01.300 --> 00:00:04.000\n<v A>It is 5 &lt; 6 &amp; done.\n\n"
            ),
        ),
    ],
)
def test_each_format_to_the_letter(response_format: ResponseFormat, content_type: str, text: str) -> None:
    """What goes over the wire, byte for byte."""
    assert render(TALK, response_format) == Success(Rendered(content_type, text))


def test_verbose_json_has_openais_shape() -> None:
    """Language by name, every number that OpenAI promises, neutral where the provider gave none, speakers besides."""
    found = to_json(TALK, "verbose_json")
    assert list(found) == ["task", "language", "duration", "text", "segments", "usage"]
    assert (found["language"], found["duration"]) == ("english", 4.0)
    assert found["segments"] == [
        {
            "id": 0,
            "seek": 0,
            "start": 0.0,
            "end": 1.2996,
            "text": "Good morning.",
            "tokens": [1, 2],
            "temperature": 0.0,
            "avg_logprob": -0.25,
            "compression_ratio": 1.0,
            "no_speech_prob": 0.0,
        },
        {
            "id": 1,
            "seek": 0,
            "start": 1.3,
            "end": 3.9996,
            "text": "It is 5 < 6 & done.",
            "tokens": [],
            "temperature": 0.0,
            "avg_logprob": 0.0,
            "compression_ratio": 1.0,
            "no_speech_prob": 0.0,
            "speaker": "A",
        },
    ]


def test_json_leaves_out_what_is_unknown() -> None:
    """No usage, no language, no times: no keys; a length is where the times end, and segments are made of words."""
    assert to_json(Transcript(text="a")) == {"text": "a"}
    assert to_json(Transcript(text="a"), "verbose_json") == {"task": "transcribe", "text": "a"}
    spoken = Transcript(text="a", words=(Word(word="a", start=0.5, end=0.75, confidence=0.9),))
    said = to_json(spoken, "verbose_json")
    (segment,) = msgspec.convert(said.pop("segments"), list[dict[str, object]])
    assert (segment["text"], segment["start"], segment["end"]) == ("a", 0.5, 0.75)
    assert said == {
        "task": "transcribe",
        "duration": 0.75,
        "text": "a",
        "words": [{"word": "a", "start": 0.5, "end": 0.75, "confidence": 0.9}],
    }


def test_a_translation_names_its_task() -> None:
    """As OpenAI's endpoint of translations does."""
    heard = Transcript(text="a", language="en", translated=True)
    assert to_json(heard, "verbose_json") == {"task": "translate", "language": "english", "text": "a"}


def test_usage_in_tokens() -> None:
    """OpenAI's nesting of the input's modalities; broken seconds stay broken."""
    usage = Usage(kind="tokens", input_tokens=37, output_tokens=12, total_tokens=49, audio_tokens=37, text_tokens=0)
    assert to_json(Transcript(text="", usage=usage))["usage"] == {
        "type": "tokens",
        "input_tokens": 37,
        "input_token_details": {"text_tokens": 0, "audio_tokens": 37},
        "output_tokens": 12,
        "total_tokens": 49,
    }
    assert to_json(Transcript(text="", usage=Usage(kind="duration", seconds=3.5)))["usage"] == {
        "type": "duration",
        "seconds": 3.5,
    }


@pytest.mark.parametrize(("response_format", "text"), [("srt", ""), ("vtt", "WEBVTT\n\n"), ("text", ""), ("json", '{"text":""}')])
def test_silence_in_each_format(response_format: ResponseFormat, text: str) -> None:
    """Nothing said is a valid file without cues, times or not."""
    assert rendered(Transcript(text=""), response_format) == text
    assert rendered(Transcript(text="", segments=(), words=()), response_format) == text


@pytest.mark.parametrize("response_format", ["srt", "vtt"])
@pytest.mark.parametrize(
    "transcript",
    [
        Transcript(text="a"),
        Transcript(text="a", segments=()),
        Transcript(text="a", segments=(Segment(text=" ", start=0, end=1),)),
    ],
)
def test_text_without_times_makes_no_subtitles(transcript: Transcript, response_format: ResponseFormat) -> None:
    """Words are never lost silently: the format is `unsupported` for this transcript."""
    made = render(transcript, response_format)
    assert isinstance(made, Failure)
    assert made.failure().kind == "unsupported"
    assert response_format in made.failure().reason


@pytest.mark.parametrize(
    ("seconds", "clock"),
    [
        (59.9996, "00:01:00,000"),
        (0.0004, "00:00:00,000"),
        (3599.9999, "01:00:00,000"),
        (3600 * 99 + 3599.999, "99:59:59,999"),
        (3600 * 100, "100:00:00,000"),
    ],
)
def test_times_are_rounded_once(seconds: float, clock: str) -> None:
    """Whole milliseconds carry over into seconds, minutes and hours; hours grow past 99."""
    found = rendered(Transcript(text="a", segments=(Segment(text="a", start=seconds, end=seconds + 5),)), "srt")
    assert found.splitlines()[1].startswith(f"{clock} --> ")


@given(transcripts)
def test_every_transcript_renders(transcript: Transcript) -> None:
    """json, verbose_json and text of anything; subtitles of anything with times."""
    both: tuple[ResponseFormat, ...] = ("json", "verbose_json")
    for response_format in both:
        assert msgspec.json.decode(rendered(transcript, response_format), type=dict[str, object])["text"] == transcript.text
    assert rendered(transcript, "text").rstrip("\n") == transcript.text.rstrip("\n")
    assert isinstance(render(transcript, "srt"), Success) == (cues(transcript) is not None)
