"""What the facts promise the dialects can say, and nothing that a caller asks for is left out on the way."""

import itertools
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from returns.result import Failure

from tests.adapters.driving import call
from voxplan.adapters.catalog import CATALOG
from voxplan.adapters.openai_shape.dialect import Dialect, Form
from voxplan.adapters.openai_shape.exchange import speaking
from voxplan.adapters.providers import azure, fireworks_ai, groq, openai, openai_compatible, ovhcloud
from voxplan.adapters.registry import ADAPTERS
from voxplan.adapters.wire import Call, Granted, Header, HttpRequest, Multipart, Secret, Token
from voxplan.engine.terms.capability import Capabilities, asks, lacks
from voxplan.engine.terms.request import KnownSpeaker, Options, Request

DIALECTS: dict[str, Dialect] = {
    "openai": openai.DIALECT,
    "azure": azure.DIALECT,
    "groq": groq.DIALECT,
    "fireworks_ai": fireworks_ai.DIALECT,
    "ovhcloud": ovhcloud.DIALECT,
    "openai_compatible": openai_compatible.DIALECT,
}

VOICE = KnownSpeaker(name="Ann", reference="data:audio/wav;base64,UklGRg==")

# Each alone, and each with each other.
SINGLE: tuple[Options, ...] = (
    Options(),
    Options(language="de"),
    Options(languages=("de", "fr")),
    Options(prompt="names"),
    Options(keywords=("Voxplan", "Eyjafjallajökull")),
    Options(temperature=0.3),
    Options(response_format="srt"),
    Options(response_format="verbose_json"),
    Options(response_format="diarized_json"),
    Options(timestamps=("word",)),
    Options(timestamps=("segment",)),
    Options(diarize=True),
    Options(translate=True),
    Options(known_speakers=(VOICE,)),
    Options(logprobs=True),
    Options(chunking_strategy="auto"),
    Options(stream=True),
)

# How each option is seen in a form.
SEEN: dict[str, tuple[str, ...]] = {
    "language": ("language",),
    "languages": ("languages[]",),
    "prompt": ("prompt",),
    "keywords": ("keywords[]",),
    "temperature": ("temperature",),
    "known_speakers": ("known_speaker_names[]", "known_speaker_references[]"),
    "logprobs": ("include[]",),
    "chunking_strategy": ("chunking_strategy",),
}


def joined(one: Options, other: Options) -> Options:
    """What both ask for."""
    asked = {name: getattr(other, name) for name in Options.__struct_fields__ if getattr(other, name) != getattr(Options(), name)}
    return Options(**{**{name: getattr(one, name) for name in Options.__struct_fields__}, **asked})


EVERY = tuple(dict.fromkeys(joined(one, other) for one, other in itertools.product(SINGLE, SINGLE)))


def models() -> Iterator[tuple[str, str]]:
    """Every model that the facts name, one of each family, and one that nobody has heard of."""
    for provider in DIALECTS:
        facts = CATALOG[provider]
        yield from ((provider, model) for model, _ in facts.models)
        yield from ((provider, f"some{marker}-model") for marker, _ in facts.families)
        yield provider, "something-new"


def requested(made: Call) -> HttpRequest | None:
    """What is sent, None when the adapter refuses to send."""
    exchange = ADAPTERS[made.provider](made)
    try:
        want = next(exchange)
        if isinstance(want, Token):
            want = exchange.send(Granted())
    except StopIteration as stopped:
        if isinstance(stopped.value, Failure):
            return None
        raise
    assert isinstance(want, HttpRequest)
    return want


def made_for(provider: str, model: str, options: Options) -> Call:
    """A call that has all it needs."""
    return call(model, options, provider=provider, base_url="https://h.example")


every_model = pytest.mark.parametrize(("provider", "model"), list(models()))


@every_model
def test_what_the_facts_promise_is_sent_whole(provider: str, model: str) -> None:
    """Whatever the planner lets through the adapter sends, and every option stands in the request."""
    can = CATALOG[provider].capabilities(model)
    for options in EVERY:
        if not able(can, options):
            continue
        want = requested(made_for(provider, model, options))
        assert want is not None, options
        assert isinstance(want.body, Multipart)
        missing = unseen(options, want, want.body)
        assert missing == [], (options, want.body.fields)


@every_model
def test_what_cannot_be_said_is_never_dropped(provider: str, model: str) -> None:
    """Sent with everything in it, or not sent: law C2, whatever the facts say."""
    for options in EVERY:
        want = requested(made_for(provider, model, options))
        if want is not None:
            assert isinstance(want.body, Multipart)
            assert unseen(options, want, want.body) == [], options


def able(can: Capabilities, options: Options) -> bool:
    """Whether a model can do all that is asked."""
    return not asks(options) or not lacks(can, Request(route="r", options=options))


def unseen(options: Options, want: HttpRequest, body: Multipart) -> list[str]:
    """The options that the form says nothing of."""
    names = {name for name, _ in body.fields}
    asked = [name for name in SEEN if getattr(options, name) != getattr(Options(), name)]
    missing = [name for name in asked if not set(SEEN[name]) <= names]
    timed = dict(body.fields)["response_format"] in {"verbose_json", "diarized_json"}
    needs = options.response_format in {"srt", "diarized_json"} or options.timestamps or options.diarize
    if needs and not timed:
        missing.append("times")
    if "word" in options.timestamps and not any("word" in value for name, value in body.fields if "granularities" in name):
        missing.append("words")
    if options.translate != urlsplit(want.url).path.endswith("/audio/translations"):
        missing.append("translate")
    # A stream has no times where its format has none: then the answer comes whole.
    if options.stream and not want.stream and not timed:
        missing.append("stream")
    return missing


@pytest.mark.parametrize("provider", DIALECTS)
def test_the_facts_own_what_the_dialect_sends(provider: str) -> None:
    """No `options` map of a spec can send a field a second time."""
    facts = CATALOG[provider]
    for (_, model), options in itertools.product((pair for pair in models() if pair[0] == provider), EVERY):
        want = requested(made_for(provider, model, options))
        if want is not None:
            assert isinstance(want.body, Multipart)
            names = {name.removesuffix("[]") for name, _ in want.body.fields}
            assert names - {"chunking_strategy"} <= set(facts.owned)


def test_a_new_provider_is_a_table_entry() -> None:
    """Address, key, forms and limits are data: no code is written for it."""
    dialect = Dialect(
        base_url="https://api.example.com/speech/v2",
        hosts=(("-fast", "https://fast.example.com/v2"),),
        key_header="x-key",
        key_prefix="Key ",
        headers=(("team", "x-team"),),
        forms=(("plain", Form()),),
        otherwise=Form(timed="verbose_json", words=True, diarize=(("speakers", "yes"),)),
        granularities="commas",
        longest_prompt=5,
    )
    adapter = speaking(dialect)
    options = Options(response_format="diarized_json", timestamps=("word",), prompt="names")
    want = next(adapter(call("big-fast", options, provider="example", filename="a.opus", settings={"team": "t"})))
    assert want == HttpRequest(
        method="POST",
        url="https://fast.example.com/v2/audio/transcriptions",
        headers=(Header("accept", "application/json"), Header("x-key", Secret("Key ")), Header("x-team", "t")),
        body=Multipart(
            fields=(
                ("model", "big-fast"),
                ("response_format", "verbose_json"),
                ("prompt", "names"),
                ("timestamp_granularities[]", "word,segment"),
                ("speakers", "yes"),
            ),
            file_field="file",
            filename="a.opus",
            content_type="audio/ogg",
        ),
    )
    for refused in (call("plain", options, provider="example"), call("big", Options(prompt="longer"), provider="example")):
        with pytest.raises(StopIteration) as stopped:
            next(adapter(refused))
        assert stopped.value.value.failure().kind == "unsupported"
