import pytest
from returns.result import Failure, Success

from voxplan.adapters.providers import local
from voxplan.adapters.wire import Call, HttpResponse, Recognise, Recognised
from voxplan.engine.terms.capability import PriceFacts
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import AudioFacts, Options
from voxplan.engine.terms.transcript import Segment, Transcript

HEARD = Recognised(
    segments=(Segment(text="One.", start=0.5, end=1.0), Segment(text="Two.", start=2.0, end=2.5)),
    words=None,
    language="en",
    seconds=3.0,
)


def call(language: str | None = None, model: str = "default", options: Options | None = None) -> Call:
    """A call of the local recogniser."""
    return Call(
        provider="local", model=model, options=options or Options(language=language), audio=AudioFacts(), filename="a.wav"
    )


def ended(call: Call, got: Recognised | HttpResponse) -> Success[Transcript] | Failure[AttemptFailure]:
    """What the exchange returns when its one want is met with `got`."""
    exchange = local.exchange(call)
    next(exchange)
    with pytest.raises(StopIteration) as stop:
        exchange.send(got)
    return stop.value.value  # type: ignore[no-any-return]


@pytest.mark.parametrize("language", [None, "en", "EN", "en-US", "en_GB", "english", "English", "eng"])
def test_english_is_recognised_by_any_name(language: str | None) -> None:
    """Every way to write English, and none at all, asks for a recognition."""
    want = next(local.exchange(call(language)))
    assert want == Recognise(model="default", language=language and "en", prompt=None, temperature=None, words=False)


@pytest.mark.parametrize("language", ["fi", "de-DE", "french", "klingon"])
def test_another_language_is_unsupported_without_asking(language: str) -> None:
    """The default model fails at once, and nothing was sent or charged."""
    with pytest.raises(StopIteration) as stop:
        next(local.exchange(call(language)))
    failure = stop.value.value.failure()
    assert (failure.kind, failure.sent, failure.charged) == ("unsupported", "no", "no")
    assert language in failure.reason


def test_weights_on_disk_take_every_language_and_option() -> None:
    """A model path is handed over with the language's code, the prompt, the temperature, and the wish for words."""
    options = Options(language="French", prompt="Paris", temperature=0.2, timestamps=("word",))
    want = next(local.exchange(call(model="/models/base", options=options)))
    assert want == Recognise(model="/models/base", language="fr", prompt="Paris", temperature=0.2, words=True)


def test_weights_on_disk_translate() -> None:
    """In whatever language is spoken."""
    want = next(local.exchange(call(model="/models/base", options=Options(language="fr", translate=True))))
    assert isinstance(want, Recognise)
    assert (want.translate, want.language) == (True, "fr")


@pytest.mark.parametrize("model", ["default", "/models/large-v3-turbo", "/models/distil-large-v3"])
def test_what_was_not_trained_to_translate_does_not(model: str) -> None:
    """It would give the other language back, or knows English alone."""
    assert not local.FACTS.capabilities(model).translate
    with pytest.raises(StopIteration) as stop:
        next(local.exchange(call(model=model, options=Options(translate=True))))
    assert stop.value.value.failure().kind == "unsupported"


def test_the_text_is_joined_from_the_segments() -> None:
    """The transcript keeps segments, language and seconds."""
    transcript = ended(call(), HEARD).unwrap()
    assert transcript == Transcript(text="One. Two.", language="en", seconds=3.0, segments=HEARD.segments)


def test_silence_is_an_empty_text_with_no_segments() -> None:
    """Nothing said is an answer: times were looked for, and there are none."""
    transcript = ended(call(), Recognised(segments=(), words=None, language="en", seconds=3.0)).unwrap()
    assert (transcript.text, transcript.segments) == ("", ())


def test_an_answer_of_another_kind_is_our_own_fault() -> None:
    """A shell that answers a recognition with HTTP is an adapter bug."""
    assert ended(call(), HttpResponse(status=200, headers=(), body=b"")).failure().kind == "adapter_bug"


def test_the_facts_say_what_each_kind_of_model_can_do() -> None:
    """The default knows English and lines; weights on disk know everything; neither costs anything."""
    default, weights = local.FACTS.capabilities("default"), local.FACTS.capabilities("/models/base")
    assert (default.languages, default.segments, default.words, default.prompt) == (("en",), True, False, False)
    assert (weights.languages, weights.segments, weights.words, weights.prompt) == ("any", True, True, True)
    assert default.price == weights.price == PriceFacts(source="this machine")
