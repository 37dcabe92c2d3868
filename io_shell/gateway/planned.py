"""`POST /v1/plan`: what a transcription would do now, as data. Nothing is sent to any provider.

The form is that of a transcription. The audio may be in it; else its facts may, and what is not said is unknown. The answer has
the shape of `voxplan plan --json`. A request that no deployment can take is answered like any other, with every reason: to the
question what would happen, that is the answer. A request that is wrong in itself is refused as a transcription would be.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl

from msgspec.structs import replace
from returns.result import Failure

from voxplan.adapters.audio.containers import EXTENSIONS
from voxplan.engine.terms.amounts import parse_size
from voxplan.engine.terms.request import AudioFacts
from voxplan.engine.terms.spelling import listed, quoted, suggestion
from voxplan.io_shell.audio.probe import LONGEST_S, AudioProblem, probe
from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.audio.wave import MOST_CHANNELS
from voxplan.io_shell.errors import RequestError
from voxplan.io_shell.failing import refused
from voxplan.io_shell.gateway.answers import asked_headers
from voxplan.io_shell.gateway.asking import asked_by
from voxplan.io_shell.gateway.connection import short_body
from voxplan.io_shell.gateway.destinations import URL_FIELD
from voxplan.io_shell.gateway.form_problem import FormProblem
from voxplan.io_shell.gateway.forms import read_form
from voxplan.io_shell.gateway.parts import FormLimits
from voxplan.io_shell.gateway.reach import in_reach
from voxplan.io_shell.gateway.translating import asked_translation
from voxplan.io_shell.gateway.turns import Turn, json_reply
from voxplan.io_shell.gateway.values import FieldProblem, FormValues, flag_of, number_of, whole_of
from voxplan.io_shell.plan_report import named_only, plan_report
from voxplan.io_shell.requesting import asked_request

__all__ = ("PLAN_FIELDS", "planned")

PLAN_FIELDS: Final[Mapping[str, str]] = {
    "seconds": "how long the audio is",
    "bytes": "how large it is: a number, or a size such as `25MB`",
    "format": "its container, such as `wav` or `mp3`",
    "channels": "how many channels it has",
    "translate": "`true` for what a translation would do",
    "seed": "a whole number that makes the draws repeatable; the answer tells the one that was used",
}
"""The fields that a transcription does not have: facts of audio that is not sent along, and what the address or chance says."""

_SEED: Final = "seed"
_TRANSLATE: Final = "translate"
_FACTS: Final = tuple(name for name in PLAN_FIELDS if name not in {_SEED, _TRANSLATE})
_URLENCODED: Final = "application/x-www-form-urlencoded"
_MULTIPART: Final = "multipart/form-data"
_LONGEST_BODY: Final = 1 << 20
_MOST_FIELDS: Final = 256


async def planned(turn: Turn) -> None:
    """Serve one request."""
    kind = turn.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _URLENCODED:
        await _answer(turn, await _pairs(turn), None)
    elif kind == _MULTIPART:
        limits = FormLimits(file_bytes=turn.opened.policy.gateway.largest_upload.bytes)
        form = await read_form(turn.request.stream(), turn.request.headers["content-type"], limits)
        async with form:
            await _answer(turn, form.fields, None if form.upload is None else form.upload.source)
    else:
        message = f"the body is no form: expected {listed((_MULTIPART, _URLENCODED))}"
        raise FormProblem(415, message, None, "unsupported_media_type")


async def _answer(turn: Turn, fields: Sequence[tuple[str, str]], audio: AudioSource | None) -> None:
    values, vox = FormValues(fields), turn.opened.vox
    if values.one(URL_FIELD) is not None:
        raise FieldProblem("`url` is not looked at for a plan: leave it out, and say what you know of the audio", URL_FIELD)
    asking = asked_translation if _translates(values) else asked_by
    asked = asking(turn, tuple(field for field in fields if field[0].partition("[")[0] not in PLAN_FIELDS))
    request = asked_request(vox.router, asked.options, stream=asked.stream)
    facts = _facts(values) if audio is None else await _probed(audio, values)
    report = plan_report(vox.router, replace(request, audio=facts), vox.view, vox.moment_ms, _seed(values))
    if report.refusal is not None and report.refusal.code != "nothing_eligible":
        raise refused(report.refusal)
    headers = asked_headers(model=asked.model, call_id=turn.call_id, ignored=asked.ignored)
    await turn.reply(json_reply(named_only(report, in_reach(vox.router, turn.caller)), headers=headers))


async def _pairs(turn: Turn) -> Sequence[tuple[str, str]]:
    """The fields of a form without a file, as `curl -d` sends it."""
    read = await short_body(turn.request, _LONGEST_BODY)
    if read is None:
        raise FormProblem(413, f"the form is longer than {_LONGEST_BODY} bytes", None, "fields_too_large")
    try:
        return parse_qsl(read.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except UnicodeDecodeError:
        raise FormProblem(400, "the form holds what is no text in UTF-8", None, "invalid_text") from None
    except ValueError:
        raise FormProblem(400, f"the form has more than {_MOST_FIELDS} fields", None, "too_many_fields") from None


async def _probed(audio: AudioSource, values: FormValues) -> AudioFacts:
    """What the audio itself says, and nobody else."""
    told = next((name for name in _FACTS if values.one(name) is not None), None)
    if told is not None:
        raise FieldProblem(f"the audio is here and says it itself: leave out `{told}` or the file", told)
    try:
        return await probe(audio)
    except AudioProblem as problem:
        raise RequestError(str(problem)) from None


def _facts(values: FormValues) -> AudioFacts:
    return AudioFacts(
        bytes=_bytes(values.one("bytes")),
        seconds=_seconds(values.one("seconds")),
        format=_format(values.one("format")),
        channels=_channels(values.one("channels")),
    )


def _bytes(text: str | None) -> int | None:
    if text is None:
        return None
    found = parse_size(f"{text}B" if text.isdecimal() else text)
    if isinstance(found, Failure):
        raise FieldProblem(f"`bytes`: {found.failure()}", "bytes")
    return found.unwrap().bytes


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    seconds = number_of("seconds", text)
    if not 0 < seconds <= LONGEST_S:
        raise FieldProblem(f"`seconds` is {quoted(text)}: expected more than 0 and at most {LONGEST_S:.0f}", "seconds")
    return seconds


def _format(text: str | None) -> str | None:
    if text is None or text in EXTENSIONS:
        return text
    raise FieldProblem(
        f"`format` is {quoted(text)}: expected one of {listed(EXTENSIONS)}{suggestion(text, EXTENSIONS)}", "format"
    )


def _channels(text: str | None) -> int | None:
    if text is None:
        return None
    channels = whole_of("channels", text)
    if not 0 < channels <= MOST_CHANNELS:
        raise FieldProblem(f"`channels` is {quoted(text)}: expected 1 to {MOST_CHANNELS}", "channels")
    return channels


def _translates(values: FormValues) -> bool:
    text = values.one(_TRANSLATE)
    return text is not None and flag_of(_TRANSLATE, text)


def _seed(values: FormValues) -> int:
    text = values.one(_SEED)
    if text is None:
        return secrets.randbits(63)
    if not text.removeprefix("-").isdecimal() or not text.isascii() or len(text) > len(str(1 << 63)):
        raise FieldProblem(f"`seed` is {quoted(text)}: expected a whole number", _SEED, "invalid_type")
    return int(text)
