from collections.abc import Mapping
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.making import router, use
from voxplan.engine.language.gateway import UnknownFields
from voxplan.engine.terms.failure import KINDS, LISTABLE
from voxplan.engine.terms.request import KnownSpeaker, Options, Request, Simulation
from voxplan.io_shell.gateway.fields import FIELDS, MOOT, REFUSED, Asked, FieldProblem, asked_fields
from voxplan.io_shell.requesting import asked_request

Fields = tuple[tuple[str, str], ...]
VOICE: Final = "data:audio/wav;base64,UklGRg=="
ROUTER: Final = router(use("a"), "a", "b")


def asked(*fields: tuple[str, str], headers: Mapping[str, str] | None = None) -> Asked:
    """What a form of route `r` with these fields asks for."""
    return asked_fields((("model", "r"), *fields), headers)


def request(*fields: tuple[str, str], headers: Mapping[str, str] | None = None) -> Request:
    """The request that the planner sees of such a form."""
    found = asked(*fields, headers=headers)
    return asked_request(ROUTER, found.options, stream=found.stream)


def problem(*fields: tuple[str, str], headers: Mapping[str, str] | None = None) -> FieldProblem:
    """What is wrong with such a form."""
    with pytest.raises(FieldProblem) as raised:
        asked(*fields, headers=headers)
    return raised.value


def test_a_form_that_asks_for_nothing_gets_what_the_library_gives() -> None:
    """The model is the route."""
    assert request() == Request(route="r")
    assert (asked().model, asked().stream, asked().options.get("retries"), asked().response_format, asked().ignored) == (
        *("r", False, None, "json"),
        (),
    )


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ((("language", "english"),), Options(language="en")),
        ((("languages[]", "en"), ("languages[]", "pt-BR")), Options(languages=("en", "pt"))),
        ((("prompt", "Kela, HUS"),), Options(prompt="Kela, HUS")),
        ((("keywords[]", "Kela"), ("keywords[]", "[sic]")), Options(keywords=("Kela", "[sic]"))),
        ((("temperature", "0.2"),), Options(temperature=0.2)),
        ((("response_format", "vtt"),), Options(response_format="vtt")),
        (
            (("timestamp_granularities[]", "word"), ("timestamp_granularities[]", "segment")),
            Options(timestamps=("word", "segment")),
        ),
        ((("timestamp_granularities", "word"),), Options(timestamps=("word",))),
        ((("timestamp_granularities[]", "word,segment"),), Options(timestamps=("word", "segment"))),
        ((("include[]", "logprobs"),), Options(logprobs=True)),
        ((("stream", "true"),), Options(stream=True)),
        ((("diarize", "True"),), Options(diarize=True)),
        ((("chunking_strategy", "auto"),), Options(chunking_strategy="auto")),
        (
            (("chunking_strategy", '{"type": "server_vad", "threshold": 0.5}'),),
            Options(chunking_strategy='{"threshold":0.5,"type":"server_vad"}'),
        ),
        (
            (("chunking_strategy[type]", "server_vad"), ("chunking_strategy[threshold]", "0.5")),
            Options(chunking_strategy='{"threshold":0.5,"type":"server_vad"}'),
        ),
        (
            (("known_speaker_names[]", "Ann"), ("known_speaker_references[]", VOICE)),
            Options(known_speakers=(KnownSpeaker(name="Ann", reference=VOICE),)),
        ),
        (tuple((name, "") for name in FIELDS if name != "model"), Options()),
    ],
)
def test_what_is_wanted_of_the_transcription(fields: Fields, options: Options) -> None:
    """Every field of OpenAI's form has its option."""
    assert request(*fields) == Request(route="r", options=options)


@pytest.mark.parametrize(
    ("fields", "headers", "expected"),
    [
        ((("user", "u"),), {"x-litellm-end-user-id": "other"}, Request(route="r", user="u")),
        ((), {"x-litellm-customer-id": "c"}, Request(route="r", user="c")),
        ((), {"x-litellm-customer-id": "c", "x-litellm-end-user-id": "e"}, Request(route="r", user="e")),
        ((), {"X-LiteLLM-End-User-Id": "u"}, Request(route="r", user="u")),
        (
            (("metadata", '{"team": "x", "n": 3, "deep": {"b": [1], "a": null}, "gone": null, "tags": ["t", "v"]}'),),
            {"x-litellm-tags": "v, w"},
            Request(route="r", metadata=(("deep", '{"a":null,"b":[1]}'), ("n", "3"), ("team", "x")), tags=("t", "v", "w")),
        ),
        ((("metadata[team]", "x"), ("metadata[tags][]", "t")), {}, Request(route="r", metadata=(("team", "x"),), tags=("t",))),
        ((("metadata", '{"tags": "t"}'), ("tags[]", "s")), {}, Request(route="r", tags=("s", "t"))),
        ((("fallbacks[]", "a"), ("fallbacks[]", "b")), {}, Request(route="r", fallbacks=("a", "b"))),
        ((("fallbacks", "whisper"),), {}, Request(route="r", fallbacks=("whisper",))),
        ((("fallbacks", '["a", "b"]'),), {}, Request(route="r", fallbacks=("a", "b"))),
        ((("mock_testing_fallbacks", "true"),), {}, Request(route="r", simulate=Simulation(first_child=True))),
        (
            (("simulate", '{"openai": "rate_limited"}'),),
            {},
            Request(route="r", simulate=Simulation(failures=(("openai", "rate_limited"),))),
        ),
        (
            (("simulate[openai]", "timed_out"),),
            {},
            Request(route="r", simulate=Simulation(failures=(("openai", "timed_out"),))),
        ),
        ((("timeout", "1.5"),), {"x-litellm-timeout": "9"}, Request(route="r", deadline_ms=1500)),
        ((("timeout", "2.34567"),), {}, Request(route="r", deadline_ms=2346)),
        ((("timeout", "6e2"),), {}, Request(route="r", deadline_ms=600_000)),
        ((("timeout", "2m"),), {}, Request(route="r", deadline_ms=120_000)),
        ((), {"x-litellm-timeout": "3"}, Request(route="r", deadline_ms=3000)),
        ((), {"x-litellm-timeout": "", "x-other": "3"}, Request(route="r")),
    ],
)
def test_what_conditions_see_and_where_it_may_go(fields: Fields, headers: dict[str, str], expected: Request) -> None:
    """LiteLLM's fields and headers; a field says more than its header."""
    assert request(*fields, headers=headers) == expected


def test_retries_are_a_small_whole_number() -> None:
    """From the field, else from the header."""
    header = {"x-litellm-num-retries": "2"}
    assert asked(("num_retries", "0"), headers=header).options.get("retries") == 0
    assert asked(headers=header).options.get("retries") == 2


@pytest.mark.parametrize(
    ("field", "param", "code"),
    [
        (("temperature", "abc"), "temperature", "invalid_type"),
        (("temperature", "-1"), "temperature", "invalid_value"),
        (("temperature", "1e999"), "temperature", "invalid_value"),
        (("temperature[]", "1"), "temperature", "invalid_value"),
        (("model", "again"), "model", "invalid_value"),
        (("language", "klingon"), "language", "invalid_language_format"),
        (("languages[]", "klingon"), "languages", "invalid_language_format"),
        (("response_format", "bogus"), "response_format", "invalid_value"),
        (("timestamp_granularities[]", "letter"), "timestamp_granularities", "invalid_value"),
        (("include[]", "everything"), "include", "invalid_value"),
        (("stream", "perhaps"), "stream", "invalid_type"),
        (("diarize", "perhaps"), "diarize", "invalid_type"),
        (("chunking_strategy", "vad"), "chunking_strategy", "invalid_value"),
        (("chunking_strategy[]", "vad"), "chunking_strategy", "invalid_value"),
        (("keywords", "[1]"), "keywords", "invalid_type"),
        (("known_speaker_names[]", "Ann"), "known_speaker_references", "invalid_value"),
        (("known_speaker_references[]", VOICE), "known_speaker_names", "invalid_value"),
        (("metadata", "team"), "metadata", "invalid_value"),
        (("metadata", '{"tags": [1]}'), "metadata", "invalid_type"),
        (("metadata", '{"tags": [""]}'), "tags", "invalid_value"),
        (("fallbacks", '[{"whisper": ["a"]}]'), "fallbacks", "invalid_type"),
        (("mock_testing_fallbacks", "2"), "mock_testing_fallbacks", "invalid_type"),
        (("simulate", "openai"), "simulate", "invalid_value"),
        (("simulate", '{"openai": "rate_limit"}'), "simulate", "invalid_value"),
        (("simulate", '{"openai": {"a": 1}}'), "simulate", "invalid_value"),
        (("timeout", "abc"), "timeout", "invalid_value"),
        (("timeout", "0"), "timeout", "invalid_value"),
        (("timeout", "-1"), "timeout", "invalid_value"),
        (("timeout", "0.0001"), "timeout", "invalid_value"),
        (("num_retries", "two"), "num_retries", "invalid_type"),
        (("num_retries", "-1"), "num_retries", "invalid_value"),
        (("num_retries", "101"), "num_retries", "invalid_value"),
        (("file", "RIFF"), "file", "invalid_value"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(field: tuple[str, str], param: str, code: str) -> None:
    """In one line that names the field."""
    found = problem(field)
    assert (found.param, found.code) == (param, code)
    assert param.removesuffix("s") in found.message


@pytest.mark.parametrize(
    ("header", "value"), [("x-litellm-timeout", "abc"), ("x-litellm-num-retries", "abc"), ("x-litellm-num-retries", "900")]
)
def test_a_header_of_another_type_is_refused_by_name(header: str, value: str) -> None:
    """As a field is."""
    found = problem(headers={header: value})
    assert found.param == header
    assert f"`{header}`" in found.message


def test_what_is_spoken_and_what_may_be_exclude_each_other() -> None:
    """Providers would go by the one and forget the other."""
    assert problem(("language", "en"), ("languages[]", "fi")).param == "languages"


def test_each_speaker_has_one_voice() -> None:
    """Which is no address, and is not shown."""
    names = (("known_speaker_names[]", "Ann"), ("known_speaker_names[]", "Ann"))
    twice = problem(*names, ("known_speaker_references[]", VOICE), ("known_speaker_references[]", VOICE))
    assert (twice.param, twice.message) == ("known_speaker_names", "`known_speaker_names` holds a name more than once")
    address = problem(names[0], ("known_speaker_references[]", "https://example.com/s3cret.wav"))
    assert address.param == "known_speaker_references"
    assert "s3cret" not in address.message


@pytest.mark.parametrize("name", sorted(REFUSED))
@pytest.mark.parametrize("unknown_fields", ["refuse", "ignore"])
def test_where_calls_go_and_by_which_key_is_not_the_callers_to_say(name: str, unknown_fields: UnknownFields) -> None:
    """Whatever is done with fields that are not known; the value is not repeated."""
    for written in (name, f"{name}[]", f"{name}[x]"):
        with pytest.raises(FieldProblem, match=f"`{name}` is not the caller's to say") as raised:
            asked_fields((("model", "r"), (written, "s3cret")), unknown_fields=unknown_fields)
        assert (raised.value.param, raised.value.code) == (name, "unsupported_parameter")
        assert "s3cret" not in raised.value.message


def test_an_unknown_field_is_refused_with_the_nearest_name() -> None:
    """Or named, where the spec lets it pass."""
    found = problem(("langauge", "en"))
    assert (found.message, found.param) == ("unknown field `langauge`, did you mean `language`?", "langauge")
    assert found.code == "unknown_parameter"
    passed = asked_fields((("model", "r"), ("langauge", "en"), ("x[]", "1"), ("x[]", "2")), unknown_fields="ignore")
    assert passed.ignored == ("langauge", "x")
    assert passed.options.get("language") is None


@pytest.mark.parametrize("name", sorted(MOOT))
def test_what_litellm_takes_about_caches_and_logs_is_taken(name: str) -> None:
    """It means nothing here, which is told; a slip of the pen beside it is one still."""
    assert asked_fields((("model", "r"), (name, "x"))).ignored == (name,)
    with pytest.raises(FieldProblem, match="`langauge`"):
        asked_fields((("model", "r"), (name, "x"), ("langauge", "en")))


def test_a_form_names_its_model() -> None:
    """Unless the address does, which says more."""
    for fields in ((), (("model", ""),)):
        with pytest.raises(FieldProblem, match="which model") as raised:
            asked_fields(fields)
        assert (raised.value.param, raised.value.code) == ("model", "missing_required_parameter")
    assert asked_fields((("model", "other"),), model="mine").options.get("route") == "mine"
    assert asked_fields((), model="mine").model == "mine"


@pytest.mark.parametrize("response_format", ["srt", "vtt", "verbose_json"])
def test_a_stream_is_of_text(response_format: str) -> None:
    """Other formats exist only whole, so asking for both is refused and neither is forgotten."""
    found = problem(("stream", "true"), ("response_format", response_format))
    assert (found.param, found.code) == ("response_format", "unsupported_value")
    assert asked(("stream", "false"), ("response_format", response_format)).response_format == response_format


@pytest.mark.parametrize("kind", KINDS)
def test_only_failures_that_a_call_can_have_are_pretended(kind: str) -> None:
    """The others are refused before anything starts."""
    field = ("simulate[openai]", kind)
    if kind in LISTABLE:
        assert request(field).simulate == Simulation(failures=(("openai", kind),))
    else:
        assert problem(field).param == "simulate"


NAMES = st.sampled_from(
    [*FIELDS, *(f"{name}[]" for name in FIELDS), "metadata[a]", "simulate[a]", "chunking_strategy[type]", "x"]
)
TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", "en", "auto", "true", "word", "srt", "logprobs", "1", "1e999", "30s", "[]", "{}", '{"a":"b"}', '["a"]']),
    st.sampled_from(["a" * 5000, "[" * 5000, '{"a":' * 5000, "9" * 5000, '{"a": NaN}', '{"a": 1e999}', '{"tags":{}}', VOICE]),
)


@given(st.lists(st.tuples(NAMES, TEXTS), max_size=5))
@example([("chunking_strategy[type]", "1e999")])
@example([("chunking_strategy", "[" * 5000)])
@example([("metadata", '{"a":' * 900 + "1" + "}" * 900)])
@example([("metadata", '{"\\ud800": "a"}')])
def test_what_is_understood_the_library_takes_and_all_else_is_refused(fields: list[tuple[str, str]]) -> None:
    """No form makes anything but a request or a FieldProblem, whose message is short."""
    try:
        found = asked_fields([("model", "r"), *fields], unknown_fields="ignore")
    except FieldProblem as refused:
        told = (refused.param, len(refused.message) < 700)
    else:
        told = (asked_request(ROUTER, found.options, stream=found.stream).route, True)
    assert told[0]
    assert told[1]
