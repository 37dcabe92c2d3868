"""What Fireworks' transcription endpoint answered while there was one: a host for each model, granularities in one field."""

from dataclasses import dataclass
from typing import Final

from tests.conformance.behaviours import Reply
from tests.conformance.form_rules import FormRules, number, one_of, text
from tests.conformance.hearing import Table, json_reply, seconds_of, segment, turns, word_rows
from tests.conformance.requests_seen import Form, Seen
from tests.conformance.stands import Stand

__all__ = ("STAND", "FireworksWire")

TARGET: Final = "/v1/audio/transcriptions"
TRANSLATIONS: Final = "/v1/audio/translations"
MAX_BODY_BYTES: Final = 1_000_000_000
RULES: Final = FormRules(
    once={
        "model": one_of("whisper-v3", "whisper-v3-turbo"),
        "vad_model": one_of("silero", "whisperx-pyannet"),
        "alignment_model": one_of("mms_fa", "tdnn_ffn", "gentle"),
        "language": text,
        "prompt": text,
        "temperature": number(0, 1),
        "response_format": one_of("json", "text", "srt", "verbose_json", "vtt"),
        "timestamp_granularities[]": one_of("word", "segment", "word,segment"),
        "diarize": one_of("true", "false"),
        "min_speakers": number(1, 100),
        "max_speakers": number(1, 100),
        "preprocessing": one_of("none", "dynamic", "soft_dynamic", "bass_dynamic"),
    }
)

TRANSLATION_RULES: Final = FormRules(
    once={
        **{name: RULES.once[name] for name in ("vad_model", "prompt", "temperature", "response_format", "preprocessing")},
        "model": one_of("whisper-v3"),
    }
)


@dataclass(frozen=True)
class FireworksWire:
    """One host: its key, and the model that it serves (None: both)."""

    key: str = "sk-test-0123456789abcdef"
    model: str | None = None

    def __call__(self, seen: Seen, text: str) -> Reply:
        """The answer to `seen`, in which `text` is heard."""
        if seen.method != "POST" or seen.target not in {TARGET, TRANSLATIONS}:
            return _error(404, "not found")
        if seen.headers.get("authorization") not in {self.key, f"Bearer {self.key}"}:
            return _error(401, "unauthorized")
        if seen.form is None or seen.body_bytes > MAX_BODY_BYTES:
            return _error(400 if seen.form is None else 413, "the body cannot be taken")
        if seen.target == TRANSLATIONS:
            found = TRANSLATION_RULES.problem(seen.form)
            return _error(400, found[1]) if found is not None else _answer(seen.form, text, "translate")
        return self._problem(seen.form) or _answer(seen.form, text, "transcribe")

    def _problem(self, form: Form) -> Reply | None:
        found = RULES.problem(form)
        timed = form.value("response_format") == "verbose_json"
        granularities = (form.value("timestamp_granularities[]") or "").split(",")
        if found is not None:
            return _error(400, found[1])
        if self.model is not None and form.value("model") != self.model:
            return _error(404, "this host does not serve the model")
        if granularities != [""] and not timed:
            return _error(400, "timestamp_granularities needs verbose_json")
        if form.value("diarize") == "true" and not (timed and "word" in granularities):
            return _error(400, "diarize needs verbose_json and word")
        return None


def _answer(form: Form, text: str, task: str) -> Reply:
    """With `diarize` every word and every segment says who speaks."""
    if form.value("response_format") != "verbose_json":
        return json_reply({"text": text})
    granularities = (form.value("timestamp_granularities[]") or "segment").split(",")
    timed: Table = {"task": task, "language": "en", "text": text, "duration": seconds_of(text)}
    diarized = form.value("diarize") == "true"
    spoken = turns(text) if diarized else [(0, text, 0.0, seconds_of(text))] if text else []
    who = [str(speaker) for speaker, said, _, _ in spoken for _ in said.split()]
    rows = [{**row, "probability": 0.9, "hallucination_score": 0.1} for row in word_rows(text)]
    if "word" in granularities:
        timed["words"] = [{**row, "speaker_id": speaker} for row, speaker in zip(rows, who, strict=True)] if diarized else rows
    if "segment" in granularities:
        found = [(str(speaker), segment(said, i, start)) for i, (speaker, said, start, _) in enumerate(spoken)]
        timed["segments"] = [{**row, "speaker_id": speaker} if diarized else row for speaker, row in found]
    return json_reply(timed)


def _error(status: int, message: str) -> Reply:
    return json_reply({"error": {"message": message, "object": "error"}}, status)


STAND: Final = Stand(provider="fireworks_ai", judge=FireworksWire, model="whisper-v3", path="/v1", others=("whisper-v3-turbo",))
