"""Bodies as providers send them, in our own words: the shapes are recorded or documented, the sentences are not theirs."""

from typing import Final, NamedTuple

from voxplan.engine.terms.failure import FailureKind

__all__ = ("NO_TRANSCRIPT", "REFUSALS", "TRANSCRIPTS", "WHISPER_CPP_TOKENS", "Refusal", "error")

# What was said in each: shape → body.
TRANSCRIPTS: Final[dict[str, bytes]] = {
    "openai json, usage in tokens": (
        b'{"text":"A quiet morning.","usage":{"type":"tokens","input_tokens":37,'
        b'"input_token_details":{"text_tokens":0,"audio_tokens":37},"output_tokens":12,"total_tokens":49}}'
    ),
    "openai json, usage in seconds": b'{"text":"A quiet morning.","usage":{"type":"duration","seconds":4}}',
    "gpt-transcribe": b'{"languages":[{"code":"en"}],"text":"A quiet morning.","usage":{"seconds":4,"type":"duration"}}',
    "openai verbose_json": (
        b'{"task":"transcribe","language":"english","duration":3.2000000476837158,"text":"A quiet morning.","segments":'
        b'[{"id":0,"seek":0,"start":0.0,"end":2.5,"text":" A quiet morning.","tokens":[50364,316],"temperature":0.0,'
        b'"avg_logprob":-0.28,"compression_ratio":1.2,"no_speech_prob":0.01}],"words":[{"word":"A","start":0,"end":0.4},'
        b'{"word":"quiet","start":0.4,"end":1.1},{"word":"morning","start":1.1,"end":2.5}],"usage":{"type":"duration","seconds":4}}'
    ),
    "openai diarized_json": (
        b'{"text":"A quiet morning.","task":"transcribe","duration":3.2,"segments":[{"type":"transcript.text.segment",'
        b'"text":" A quiet morning.","speaker":"A","start":0.0,"end":2.5,"id":"seg_0"}],'
        b'"usage":{"type":"tokens","total_tokens":49}}'
    ),
    "groq json": b'{"text":" A quiet morning.","x_groq":{"id":"req_1"}}',
    "usage that is null": b'{"text":"A quiet morning.","usage":null}',
    "usage that makes no sense": b'{"text":"A quiet morning.","usage":"four seconds"}',
    "byte order mark": b'\xef\xbb\xbf{"text":"A quiet morning."}',
    "vllm verbose_json": (
        b'{"text":"A quiet morning.","language":"en","duration":"3.2","segments":[{"id":0,"seek":0,"start":0.0,"end":2.5,'
        b'"text":" A quiet morning.","tokens":[],"temperature":0.0,"avg_logprob":0.0,"compression_ratio":1.0}],"words":null}'
    ),
    "speaches, words in segments": (
        b'{"task":"transcribe","language":"en","duration":3.2,"text":"A quiet morning.","words":null,"segments":[{"id":1,'
        b'"start":0.0,"end":2.5,"text":" A quiet morning.","words":[{"start":0.0,"end":0.4,"word":" A","probability":0.9},'
        b'{"start":0.4,"end":1.1,"word":" quiet","probability":0.9},'
        b'{"start":1.1,"end":2.5,"word":" morning.","probability":0.9}]}]}'
    ),
    "localai, text for word": (
        b'{"text":"A quiet morning.","language":"en","duration":3.2,"segments":['
        b'{"id":0,"start":0,"end":2.5,"text":"A quiet morning."}],'
        b'"words":[{"start":0,"end":0.4,"text":"A"},{"start":0.4,"end":1.1,"text":"quiet"},{"start":1.1,"end":2.5,"text":"morning"}]}'
    ),
    "localai, nanoseconds": (
        b'{"text":"A quiet morning.","segments":[{"id":0,"start":0,"end":2500000000,"text":"A quiet morning.","tokens":[316]}]}'
    ),
    "ovhcloud, words asked for": (
        b'{"task":"transcribe","success":true,"language":"en","duration":3.2,"text":"A quiet morning.","segments":[],'
        b'"diarization":[],'
        b'"words":[{"word":"A","start":0,"end":0.4},{"word":"quiet","start":0.4,"end":1.1},{"word":"morning","start":1.1,"end":2.5}],'
        b'"usage":{"type":"duration","duration":4}}'
    ),
    "whisper.cpp json": b'{"text":" A quiet morning.\\n"}',
}

WHISPER_CPP_TOKENS: Final = (
    b'{"task":"transcribe","language":"english","duration":3.2,"text":" Ant arctica, friend.\\n","segments":[{"id":0,'
    b'"text":" Antarctica, friend.","start":0.0,"end":2.5,"tokens":[1,2,3,4],"words":['
    b'{"word":" Ant","start":0.0,"end":0.3,"t_dtw":-1,"probability":0.5},'
    b'{"word":"arctica","start":0.3,"end":0.9,"t_dtw":-1,"probability":0.9},'
    b'{"word":",","start":0.9,"end":1.0,"t_dtw":-1,"probability":0.9},'
    b'{"word":" friend","start":1.0,"end":2.0,"t_dtw":-1,"probability":0.9},'
    b'{"word":".","start":2.0,"end":2.5,"t_dtw":-1,"probability":0.9}],"temperature":0.0,"avg_logprob":-0.2}],'
    b'"detected_language":"english","detected_language_probability":0.99,"language_probabilities":{"en":0.99}}'
)

# 200, and no transcript: body → a word of the reason.
NO_TRANSCRIPT: Final[dict[bytes, str]] = {
    b"": "empty body",
    b"  \n": "empty body",
    b"<!doctype html><p>Welcome</p>": "HTML",
    b"\n <html></html>": "HTML",
    b'{"foo":"bar"}': "missing required field",
    b'{"text":"cut o': "not the JSON",
    b'{"text":null}': "expected",
    b'{"text":5}': "expected",
    b'{"text":["a"]}': "expected",
    b'{"text":"a","segments":"none"}': "expected",
    b'{"text":"a","segments":[{"start":0,"end":1}]}': "missing required field",
    b'{"text":"a","segments":[{"text":5,"start":0,"end":1}]}': "expected",
    b'{"text":"a","words":[{"word":1,"start":0,"end":1}]}': "expected",
    b"[]": "expected",
    b"null": "expected",
    b'"a transcript"': "expected",
    b"the bare text": "not the JSON",
    b"\xff\xfe\x00": "not the JSON",
    b"WEBVTT\n\n": "not the JSON",
    b'data: {"type":"transcript.text.delta","delta":"A"}\n\n': "not the JSON",
}


def error(message: str, kind: str = "invalid_request_error", code: str | None = None, param: str | None = None) -> bytes:
    """OpenAI's envelope around one error."""
    written = {"message": message, "type": kind, "param": param, "code": code}
    fields = ",".join(f'"{name}":{"null" if value is None else chr(34) + value + chr(34)}' for name, value in written.items())
    return f'{{"error":{{{fields}}}}}'.encode()


class Refusal(NamedTuple):
    """One answer that is no success, and the kind it is."""

    status: int
    body: bytes
    kind: FailureKind


REFUSALS: Final[dict[str, Refusal]] = {
    "openai, wrong key, text/plain": Refusal(
        401,
        b'{"error":{"code":"invalid_api_key","message":"Incorrect API key provided: sk-proj-****99. See your account.",'
        b'"param":null,"type":"invalid_request_error"},"status":401}',
        "unauthorized",
    ),
    "openai, no model": Refusal(404, error("the model does not exist", code="model_not_found"), "not_found"),
    "openai, broken audio": Refusal(400, error("audio might be corrupted", code="invalid_value", param="file"), "unsupported"),
    "openai, extension": Refusal(
        400, error("unsupported file format bin", code="unsupported_value", param="file"), "unsupported"
    ),
    "openai, format of the model": Refusal(
        400, error("response_format is not compatible", code="unsupported_value", param="response_format"), "unsupported"
    ),
    "openai, too long": Refusal(
        400,
        error("audio duration 1830.5 seconds is longer than 1400 seconds which is the maximum", code="invalid_value"),
        "too_large",
    ),
    "openai, whole body": Refusal(
        413, error("413: Maximum content size limit (26214400) exceeded (26214850 bytes read)", "server_error"), "too_large"
    ),
    "openai, rate": Refusal(429, error("rate limit reached", "requests", "rate_limit_exceeded"), "rate_limited"),
    "openai, one request over the limit": Refusal(
        429,
        error("Request too large for gpt-4o on tokens per min: Limit 30000, Requested 40000", "tokens", "rate_limit_exceeded"),
        "too_large",
    ),
    "openai, empty account": Refusal(429, error("check your plan", "insufficient_quota", "insufficient_quota"), "out_of_quota"),
    "empty account in words alone": Refusal(429, b"You exceeded your current quota, please check your plan", "out_of_quota"),
    "openai, server": Refusal(500, error("an error occurred", "server_error"), "server_error"),
    "openai, slow down": Refusal(500, error("too many new requests", "server_error", "slow_down"), "overloaded"),
    "groq, one request over the hour": Refusal(
        413,
        error(
            "Request too large for model x in organization `org_01abc`: Limit 7200, Requested 10200",
            "seconds",
            "rate_limit_exceeded",
        ),
        "too_large",
    ),
    "groq, prompt": Refusal(400, error("prompt length must be 896 characters or fewer"), "unsupported"),
    "groq, a model that is gone": Refusal(400, error("it has been taken away", code="model_decommissioned"), "not_found"),
    "openai, too many tokens": Refusal(400, error("the audio is too large for this model", code="input_too_large"), "too_large"),
    "groq, flex": Refusal(498, error("no capacity", code="capacity_exceeded"), "overloaded"),
    "azure, key": Refusal(
        401, b'{"error":{"code":"401","message":"access denied due to invalid subscription key"}}', "unauthorized"
    ),
    "azure, deployment": Refusal(404, b'{"error":{"code":"DeploymentNotFound","message":"it does not exist"}}', "not_found"),
    "azure, rate": Refusal(429, b'{"error":{"code":"RateLimitReached","message":"exceeded rate limit"}}', "rate_limited"),
    "azure, content": Refusal(400, b'{"error":{"code":"content_filter","status":400}}', "content_filtered"),
    "gemini, key under 400": Refusal(
        400,
        b'{"error":{"code":400,"message":"API key not valid.","status":"INVALID","details":[{"reason":"API_KEY_INVALID"}]}}',
        "unauthorized",
    ),
    "gemini, key in a list": Refusal(400, b'[{"error":{"code":400,"message":"API key not valid."}}]', "unauthorized"),
    "gemini, rate in the words of a quota": Refusal(
        429,
        b'{"error":{"code":429,"message":"Exceeded your current quota. Please retry in 48.9s.","status":"RESOURCE_EXHAUSTED"}}',
        "rate_limited",
    ),
    "google, too long": Refusal(
        400, b'{"error":{"code":400,"message":"audio cannot be longer than 1 min","status":"INVALID_ARGUMENT"}}', "too_large"
    ),
    "deepgram, key": Refusal(
        401, b'{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials.","request_id":"u"}', "unauthorized"
    ),
    "deepgram, money": Refusal(402, b'{"err_code":"ASR_PAYMENT_REQUIRED","err_msg":"Not enough credits."}', "out_of_quota"),
    "deepgram, model": Refusal(403, b'{"err_code":"INSUFFICIENT_PERMISSIONS","err_msg":"no access to the model"}', "not_found"),
    "deepgram, new shape": Refusal(400, b'{"category":"INVALID_JSON","message":"bad JSON","details":"line 7"}', "unsupported"),
    "elevenlabs, quota under 401": Refusal(401, b'{"detail":{"status":"quota_exceeded","message":"no credits"}}', "out_of_quota"),
    "mistral, key": Refusal(401, b'{"detail":"Invalid API Key"}', "unauthorized"),
    "fastapi, fields": Refusal(
        422, b'{"detail":[{"loc":["body","file"],"msg":"field required","type":"missing"}]}', "unsupported"
    ),
    "fastapi, empty list": Refusal(422, b'{"detail":[]}', "unsupported"),
    "older vllm": Refusal(404, b'{"object":"error","message":"no such model","type":"NotFoundError","code":404}', "not_found"),
    "vllm": Refusal(400, b'{"error":{"message":"Maximum file size exceeded","type":"BadRequestError","code":400}}', "too_large"),
    "whisper.cpp, loading": Refusal(503, b'{"status":"loading model"}', "overloaded"),
    "whisper.cpp, no file": Refusal(400, b'{"error":"no \'file\' field in the request"}', "unsupported"),
    "localai, size": Refusal(413, b'{"error":{"code":413,"message":"Request Entity Too Large","type":""}}', "too_large"),
    "a proxy's page": Refusal(502, b"<html><h1>Bad Gateway</h1></html>", "server_error"),
    "nothing at all": Refusal(503, b"", "overloaded"),
    "a redirect": Refusal(308, b"", "not_found"),
    "JSON null": Refusal(500, b"null", "server_error"),
}
