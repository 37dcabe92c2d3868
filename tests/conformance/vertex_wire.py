"""What Google Cloud answers: generateContent for Gemini models, and Speech-to-Text v2 for the others."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from tests.conformance.behaviours import Reply
from tests.conformance.google_wire import (
    Json,
    Refused,
    audio_of,
    generated,
    google_error,
    google_json,
    known,
    said_with_times,
    table,
    tables,
)
from tests.conformance.requests_seen import Seen
from tests.conformance.stands import Stand

__all__ = ("CREDENTIALS_NAME", "PROJECT", "STAND", "TOKEN", "TOKEN_STAND", "VertexWire")

PROJECT: Final = "test-project"
TOKEN: Final = "ya29.test-token"
CREDENTIALS_NAME: Final = "STAND_CREDENTIALS"
MEDIA_TYPES: Final = frozenset(
    {f"audio/{name}" for name in ("x-aac", "flac", "mp3", "m4a", "mpeg", "mpga", "mp4", "ogg", "pcm", "wav", "webm")}
)
GEMINI: Final = frozenset({"gemini-2.5-flash", "gemini-2.5-pro", "gemini-3.5-transcribe"})

_PLACE: Final = r"projects/([^/]+)/locations/([^/]+)"
_MODEL: Final = r"publishers/google/models/([^/:]+):(generateContent|streamGenerateContent)"
_GEMINI_PATH: Final = re.compile(rf"/v1(?:beta1)?/{_PLACE}/{_MODEL}")
_EXPRESS_PATH: Final = re.compile(rf"/v1(?:beta1)?/{_MODEL}")
_SPEECH_PATH: Final = re.compile(rf"/v2/{_PLACE}/recognizers/_:recognize")

# Where each recogniser is, which features it knows, and whether it detects languages; an excerpt of the documentation.
_REGIONS: Final[Mapping[str, frozenset[str]]] = {
    "chirp_3": frozenset({"us", "eu", "asia-southeast1", "asia-northeast1"}),
    "chirp_2": frozenset({"us-central1", "europe-west4", "asia-southeast1"}),
    "long": frozenset({"global", "us-central1", "eu"}),
}
_FEATURES: Final[Mapping[str, frozenset[str]]] = {
    "chirp_3": frozenset(
        {"enableAutomaticPunctuation", "enableWordTimeOffsets", "diarizationConfig", "customPromptConfig", "profanityFilter"}
    ),
    "chirp_2": frozenset({"enableAutomaticPunctuation", "enableWordTimeOffsets", "profanityFilter"}),
    "long": frozenset(
        {"enableAutomaticPunctuation", "enableWordTimeOffsets", "enableWordConfidence", "diarizationConfig", "profanityFilter"}
    ),
}
_DETECTING: Final = frozenset({"chirp_3", "chirp_2"})
_TAG: Final = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?-[A-Z]{2}")
_CONFIG: Final = frozenset(
    {"model", "languageCodes", "features", "adaptation", "autoDecodingConfig", "explicitDecodingConfig", "denoiserConfig"}
)
_MAX_CONTENT_BYTES: Final = 10_485_760
_NO_TOKEN: Final = "Request had invalid authentication credentials. Expected OAuth 2 access token."


@dataclass(frozen=True)
class VertexWire:
    """One project: the token it wants, and the key for express mode."""

    token: str = TOKEN
    key: str = "sk-test-0123456789abcdef"
    project: str = PROJECT

    def __call__(self, seen: Seen, text: str) -> Reply:
        """The answer to `seen`, in which `text` is heard."""
        try:
            return self._answered(seen, text)
        except Refused as refused:
            return refused.reply

    def _answered(self, seen: Seen, text: str) -> Reply:
        express = _EXPRESS_PATH.fullmatch(seen.path)
        if express is not None:
            if seen.headers.get("x-goog-api-key") != self.key:
                raise Refused("API key not valid. Please pass a valid API key.", reason="API_KEY_INVALID")
            return self._generated(seen, express[1], express[2], text)
        if seen.headers.get("authorization") != f"Bearer {self.token}":
            return google_error(_NO_TOKEN, 401, "UNAUTHENTICATED", "ACCESS_TOKEN_TYPE_UNSUPPORTED")
        match = _GEMINI_PATH.fullmatch(seen.path) or _SPEECH_PATH.fullmatch(seen.path)
        if match is None or seen.method != "POST":
            raise Refused("Not found.", 404, "NOT_FOUND")
        if match[1] != self.project:
            raise Refused("Permission denied on the project.", 403, "PERMISSION_DENIED", "CONSUMER_INVALID")
        if match.re is _SPEECH_PATH:
            return _recognised(seen, match[2], text)
        if match[3] == "gemini-3.5-transcribe" and match[2] != "global":
            raise Refused("The model was not found in this location.", 404, "NOT_FOUND")
        return self._generated(seen, match[3], match[4], text)

    def _generated(self, seen: Seen, model: str, method: str, text: str) -> Reply:
        if seen.headers.get("content-type", "").partition(";")[0] != "application/json":
            raise Refused("Unsupported content type.")
        if model not in GEMINI:
            raise Refused("Publisher model was not found.", 404, "NOT_FOUND")
        if method == "streamGenerateContent" and seen.query != (("alt", "sse"),):
            raise Refused("Expected alt=sse.")
        return generated(seen, model, text, MEDIA_TYPES, frozenset())


def _recognised(seen: Seen, location: str, text: str) -> Reply:
    body = table(seen.json(), "")
    known(body, frozenset({"config", "content", "configMask"}))
    if audio_of(body.get("content")) > _MAX_CONTENT_BYTES:
        raise Refused(f"Request payload size exceeds the limit: {_MAX_CONTENT_BYTES} bytes.")
    config = table(body.get("config"), "config")
    known(config, _CONFIG)
    model = str(config.get("model"))
    if location not in _REGIONS.get(model, frozenset()):
        raise Refused(f'The model "{model}" does not exist in the location named "{location}".')
    if ("autoDecodingConfig" in config) == ("explicitDecodingConfig" in config):
        raise Refused("Exactly one decoding config is needed.")
    features = table(config.get("features", {}), "features")
    for name in features:
        if name not in _FEATURES[model]:
            raise Refused(f"Recognizer does not support feature: {name}")
    _check_languages(config.get("languageCodes"), model)
    if "adaptation" in config:
        _check_adaptation(table(config["adaptation"], "adaptation"))
    return google_json(_answer(text, features, config.get("languageCodes")))


def _listed(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _check_languages(codes: object, model: str) -> None:
    if not _listed(codes):
        raise Refused("language_codes is required.")
    for code in _listed(codes):
        if not (_TAG.fullmatch(str(code)) or (code == "auto" and model in _DETECTING)):
            raise Refused(f'The language "{code}" is not supported by the model "{model}".')


def _check_adaptation(adaptation: Json) -> None:
    known(adaptation, frozenset({"phraseSets"}))
    for phrase_set in tables(adaptation.get("phraseSets"), "phraseSets"):
        known(phrase_set, frozenset({"inlinePhraseSet"}))
        for phrase in tables(table(phrase_set.get("inlinePhraseSet"), "inlinePhraseSet").get("phrases"), "phrases"):
            known(phrase, frozenset({"value", "boost"}))


def _answer(text: str, features: Json, codes: object) -> Json:
    """One result; a start of zero is left out, as protobuf leaves it out."""
    if not text:
        return {}
    speakers = "diarizationConfig" in features
    words: list[dict[str, object]] = [
        {
            "word": word,
            **({"startOffset": start} if number else {}),
            "endOffset": end,
            **({"speakerLabel": str(number % 2 + 1)} if speakers else {}),
        }
        for number, word, start, end in said_with_times(text)
    ]
    heard = {"transcript": text, "confidence": 0.9, **({"words": words} if features.get("enableWordTimeOffsets") else {})}
    seconds = 0.5 * len(words)
    language = next((code for code in _listed(codes) if code != "auto"), "en-US")
    result: Json = {"alternatives": [heard], "resultEndOffset": f"{seconds:.3f}s", "languageCode": language}
    return {"results": [result], "metadata": {"requestId": "req_test", "totalBilledDuration": f"{-(-len(words) // 2)}s"}}


# By key, which needs no token service: Gemini models only.
STAND: Final = Stand(provider="vertex_ai", judge=VertexWire, model="gemini-3.5-transcribe", others=("gemini-2.5-flash",))

# By token; the credentials are in the environment variable `CREDENTIALS_NAME`.
TOKEN_STAND: Final = Stand(
    provider="vertex_ai",
    judge=VertexWire,
    model="chirp_3",
    key=None,
    others=("gemini-3.5-transcribe", "gemini-2.5-flash", "chirp_2", "long"),
    settings={"project": PROJECT, "credentials": f"${{{CREDENTIALS_NAME}}}"},
)
