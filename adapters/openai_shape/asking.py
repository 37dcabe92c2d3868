"""The form of one call: which fields it has, in which format the answer is wanted, and why it cannot be asked at all.

Which format is asked for follows from what the caller needs and from what the model can do. The caller's own format never goes
upstream: text, subtitles and OpenAI's JSON shapes are rendered from the Transcript. Fields of the request come first, then the
deployment's own, then what the model insists on and nobody has said.
"""

from collections.abc import Iterator, Mapping
from typing import Final, cast

import msgspec

from voxplan.adapters.audio.containers import EXTENSIONS
from voxplan.adapters.audio.media import media_type
from voxplan.adapters.languages import code_of
from voxplan.adapters.openai_shape.dialect import Dialect, Form
from voxplan.adapters.passing import text_of
from voxplan.adapters.wire import Body, Call, Multipart
from voxplan.engine.language.spec import PassedOption
from voxplan.engine.terms.request import Options, needs_speakers, needs_times

__all__ = ("accepted_filename", "form_bytes", "form_of", "impossible", "streamed")

_Field = tuple[str, str]
_WHISPER_CODES: Final = {"nb": "no"}
_AROUND_A_FIELD: Final = 100
_MADE_OF_SEGMENTS: Final = frozenset({"srt", "vtt", "diarized_json"})


def form_of(call: Call, dialect: Dialect, form: Form, *, names_model: bool, says_task: bool = False) -> Multipart:
    """The body of the request: text fields in order, then the audio. `says_task`: the address does not say what is wanted."""
    fields = (*_asked(call, dialect, form), *_passed(call, dialect))
    known = {_bare(name) for name, _ in fields}
    filename = accepted_filename(call, dialect.extensions)
    return Multipart(
        fields=(
            *((("model", call.model),) if names_model else ()),
            *((("translate", "true"),) if says_task and call.options.translate else ()),
            *fields,
            *((("chunking_strategy", "auto"),) if form.chunking == "always" and "chunking_strategy" not in known else ()),
        ),
        file_field="file",
        filename=filename,
        content_type=media_type(filename),
    )


def form_bytes(body: Body) -> int:
    """The bytes of the fields, about: what writes them out puts a boundary and a header around each."""
    fields = body.fields if isinstance(body, Multipart) else ()
    return sum(len(name.encode()) + len(value.encode()) + _AROUND_A_FIELD for name, value in fields) + 2 * _AROUND_A_FIELD


def impossible(options: Options, dialect: Dialect, form: Form) -> str | None:
    """Why a model of this form cannot do what is asked, or None: nothing is dropped silently (law C2)."""
    longest = dialect.longest_prompt
    if longest is not None and len(options.prompt or "") > longest:
        return f"the provider takes a prompt of at most {longest} characters, got {len(options.prompt or '')}"
    if len(options.known_speakers) > form.known_speakers > 0:
        return f"the model takes at most {form.known_speakers} known speakers, got {len(options.known_speakers)}"
    lacking: Mapping[str, bool] = {
        "takes no language": options.language is not None and not form.language,
        "gives no times": needs_times(options) and form.timed is None,
        "gives no word times": "word" in options.timestamps and not form.words,
        "does not tell speakers apart": needs_speakers(options) and form.diarize is None,
        "takes no prompt": options.prompt is not None and not form.prompt,
        "takes no list of languages": bool(options.languages) and not form.languages,
        "takes no keywords": bool(options.keywords) and not form.keywords,
        "gives no log probabilities": options.logprobs and not form.logprobs,
        "takes no chunking strategy": options.chunking_strategy is not None and form.chunking == "never",
        "recognises no speakers by their voice": bool(options.known_speakers) and not form.known_speakers,
        "does not stream": options.stream and not form.streams,
    }
    when = " when it translates" if options.translate else ""
    return next((f"the model {lack}{when}" for lack, missing in lacking.items() if missing), None)


def streamed(options: Options, form: Form) -> bool:
    """Whether to ask for a stream: servers stream in their plain format alone (vLLM refuses any other), else it comes whole."""
    return options.stream and form.streams and _format(options, form) == form.plain


def accepted_filename(call: Call, accepted: tuple[str, ...] | None) -> str:
    """The audio's name with an ending that the provider accepts, where its container has one; else as it is."""
    stem, dot, ending = call.filename.rpartition(".")
    extension = ending.lower() if dot else ""
    if accepted is None:
        return call.filename
    if extension in accepted:
        return f"{stem}.{extension}"
    groups = [EXTENSIONS.get(call.audio.format or "", ()), *(group for group in EXTENSIONS.values() if extension in group)]
    fitting = next((each for group in groups for each in group if each in accepted), None)
    if fitting is None:
        return call.filename
    return f"{stem or call.filename}.{fitting}"


def _asked(call: Call, dialect: Dialect, form: Form) -> Iterator[_Field]:
    """What the request says."""
    options = call.options
    yield "response_format", _format(options, form)
    if options.language is not None:
        yield "language", _language(options.language)
    yield from (("languages[]", _language(language)) for language in options.languages)
    if options.prompt is not None:
        yield "prompt", options.prompt
    yield from (("keywords[]", keyword) for keyword in options.keywords)
    if options.temperature is not None:
        yield "temperature", str(options.temperature)
    yield from _granularities(options, dialect, form)
    if needs_speakers(options):
        yield from form.diarize or ()
    if options.logprobs:
        yield "include[]", "logprobs"
    if options.chunking_strategy is not None:
        yield from _strategy(options.chunking_strategy, dialect)
    yield from (("known_speaker_names[]", speaker.name) for speaker in options.known_speakers)
    yield from (("known_speaker_references[]", speaker.reference) for speaker in options.known_speakers)
    if streamed(options, form):
        yield "stream", "true"


def _language(spoken: str) -> str:
    """The code that Whisper models know: Norwegian as it is mostly written has none of its own there."""
    code = code_of(spoken) or spoken
    return _WHISPER_CODES.get(code, code)


def _format(options: Options, form: Form) -> str:
    wanted = options.response_format == "verbose_json" or needs_times(options) or needs_speakers(options)
    return (form.timed if wanted else None) or form.plain


def _granularities(options: Options, dialect: Dialect, form: Form) -> Iterator[_Field]:
    """Named only where they differ from the default, which is segments; those too where subtitles or turns are made of them."""
    diarized = form.diarize_words and needs_speakers(options)
    if not form.words or not ("word" in options.timestamps or diarized):
        return
    both = diarized or "segment" in options.timestamps or options.response_format in _MADE_OF_SEGMENTS
    named = ("word", "segment") if both else ("word",)
    for value in named if dialect.granularities == "repeated" else (",".join(named),):
        yield "timestamp_granularities[]", value


def _strategy(given: str, dialect: Dialect) -> Iterator[_Field]:
    """`auto`, or an object."""
    try:
        table = msgspec.json.decode(given, type=dict[str, bool | int | float | str])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield "chunking_strategy", given
        return
    yield from _fields("chunking_strategy", cast("PassedOption", table), dialect)


def _passed(call: Call, dialect: Dialect) -> Iterator[_Field]:
    """The deployment's own fields, save those that the request has spoken about."""
    options = call.options
    said = {name for name, asked in (("chunking_strategy", options.chunking_strategy), ("translate", options.translate)) if asked}
    for name, value in call.extra:
        if _bare(name) not in said:
            yield from _fields(name, value, dialect)


def _fields(name: str, value: PassedOption, dialect: Dialect) -> Iterator[_Field]:
    """One value as it is, a list as one field for each of its values, an object as the dialect has it."""
    if isinstance(value, dict) and dialect.objects == "fields":
        for key, inner in value.items():
            yield from _fields(f"{name}[{key}]", cast("PassedOption", inner), dialect)
    elif isinstance(value, tuple):
        for each in value:
            yield from _fields(f"{name.removesuffix('[]')}[]", cast("PassedOption", each), dialect)
    else:
        yield name, text_of(value)


def _bare(name: str) -> str:
    return name.partition("[")[0]
