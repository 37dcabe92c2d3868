"""The embedded recogniser as a provider: what it can do, and how one call becomes one recognition on this machine.

Two kinds of model. `default` is the small English model that the extra brings along: lines with times, no word times, no
prompt. Any other model name is the path of faster-whisper weights on disk: every language, word times, prompt, temperature.
Nothing here knows processes, files or decoders: it yields a `Recognise` and is given what was heard.
"""

from collections.abc import Generator
from typing import Final

from msgspec.structs import replace
from returns.result import Failure, Success

from voxplan.adapters.languages import code_of
from voxplan.adapters.wire import Call, Got, Recognise, Recognised, Want
from voxplan.engine.terms.capability import Capabilities, PriceFacts, ProviderFacts
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.transcript import Transcript

__all__ = ("DEFAULT_MODEL", "FACTS", "exchange")

DEFAULT_MODEL: Final = "default"

_ENGLISH: Final = frozenset({"en", "eng"})  # ISO 639-1 and 639-3

# Nobody is paid for what this machine does.
_FREE: Final = PriceFacts(source="this machine")

_WHISPER: Final = Capabilities(
    languages="any", segments=True, words=True, prompt=True, temperature=True, price=_FREE, source="faster-whisper"
)

FACTS: Final = ProviderFacts(
    provider="local",
    takes_key=False,
    needs_key=False,
    takes_base_url=False,
    takes_options=False,
    vendor="local",
    models=(
        (DEFAULT_MODEL, Capabilities(languages=("en",), segments=True, price=_FREE, source="the model of the extra `local`")),
    ),
    # Weights that were not trained to translate would give the other language back; they say so by their names.
    families=(("turbo", _WHISPER), ("distil", _WHISPER)),
    # Whisper weights detect every language they know. Those that know English only cannot be told by their path; they refuse any
    # other language before they listen, and routing goes on.
    otherwise=replace(_WHISPER, translate=True),
)


def exchange(call: Call) -> Generator[Want, Got, Success[Transcript] | Failure[AttemptFailure]]:
    """Ask for one recognition; a language the default model does not know fails without asking."""
    language = call.options.language
    if call.model == DEFAULT_MODEL and language is not None and code_of(language) not in _ENGLISH:
        return Failure(_unsupported(f"the default local model knows English only, got language `{language}`"))
    if call.options.translate and not FACTS.capabilities(call.model).translate:
        return Failure(_unsupported("the local model does not translate into English"))
    got = yield Recognise(
        model=call.model,
        language=None if language is None else code_of(language) or language,
        prompt=call.options.prompt,
        temperature=call.options.temperature,
        words="word" in call.options.timestamps,
        translate=call.options.translate,
    )
    if not isinstance(got, Recognised):
        return Failure(_bug(type(got).__name__))
    return Success(_transcript(got))


def _transcript(heard: Recognised) -> Transcript:
    """What was heard, with the text joined from its segments."""
    return Transcript(
        text=" ".join(segment.text for segment in heard.segments),
        language=heard.language,
        seconds=heard.seconds,
        segments=heard.segments,
        words=heard.words,
    )


def _unsupported(reason: str) -> AttemptFailure:
    return AttemptFailure(kind="unsupported", reason=reason, sent="no", charged="no")


def _bug(got: str) -> AttemptFailure:
    return AttemptFailure(
        kind="adapter_bug", reason=f"expected `Recognised` from the shell, got `{got}`", sent="no", charged="no"
    )
