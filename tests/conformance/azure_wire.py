"""What Azure OpenAI answers: OpenAI's rules behind addresses and errors of its own.

Deployments have names that say nothing of their models; the table of this resource does. `model` in the form of a deployment is
refused, because it has broken calls.
"""

from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import unquote

from tests.conformance.behaviours import Reply
from tests.conformance.hearing import error_reply, json_reply
from tests.conformance.openai_wire import answer_to, form_problem, translation_problem
from tests.conformance.requests_seen import Form, Seen
from tests.conformance.stands import Stand

__all__ = ("DEPLOYMENTS", "STAND", "AzureWire")

DEPLOYMENTS: Final = {
    "whisper": "whisper-1",
    "speech one": "whisper-1",
    "gpt-transcribe": "gpt-transcribe",
    "my-gpt-4o-transcribe": "gpt-4o-transcribe",
    "mini": "gpt-4o-mini-transcribe",
    "team-diarize": "gpt-4o-transcribe-diarize",
}
VERSIONS: Final = frozenset({"2024-06-01", "2024-10-21", "2025-03-01-preview", "2025-04-01-preview"})
FREE_VERSIONS: Final = frozenset({None, "v1", "preview"})
MAX_BODY_BYTES: Final = 26_214_400

_BEFORE, _AFTERS = "/openai/deployments/", ("/audio/transcriptions", "/audio/translations")
_FREE = "/openai/v1"


@dataclass(frozen=True)
class AzureWire:
    """One resource: its key, the Entra token it takes, its deployments; `lenient` about a model in the form."""

    key: str = "sk-test-0123456789abcdef"
    token: str = "entra-token-0123456789"
    deployments: dict[str, str] = field(default_factory=lambda: dict(DEPLOYMENTS))
    lenient: bool = False

    def __call__(self, seen: Seen, text: str) -> Reply:
        """The answer to `seen`, in which `text` is heard."""
        if not self._opens(seen):
            return _error(401, "401", "Access denied due to invalid subscription key or wrong API endpoint.")
        path, versions = unquote(seen.path), dict(seen.query).get("api-version")
        after = next((each for each in _AFTERS if path.endswith(each)), "/nowhere")
        at_deployment = path.startswith(_BEFORE) and after in _AFTERS
        known = VERSIONS if at_deployment else FREE_VERSIONS
        if (
            seen.method != "POST"
            or versions not in known
            or not (at_deployment or path in {f"{_FREE}{each}" for each in _AFTERS})
        ):
            return _error(404, "404", "Resource not found")
        if seen.form is None or seen.body_bytes > MAX_BODY_BYTES:
            return _error(413 if seen.form else 400, "413" if seen.form else "400", "the body cannot be taken")
        name = path[len(_BEFORE) : -len(after)] if at_deployment else seen.form.value("model") or ""
        if at_deployment and not self.lenient and seen.form.value("model") is not None:
            return error_reply(500, "The server had an error", kind="server_error")
        model = self.deployments.get(name)
        if model is None:
            return _error(404, "DeploymentNotFound", "The API deployment for this resource does not exist.")
        form = _without_model(seen.form)
        return _heard(form, text, model, translating=after == _AFTERS[1])

    def _opens(self, seen: Seen) -> bool:
        """A key in its own header, or a token as bearer."""
        return seen.headers.get("api-key") == self.key or seen.headers.get("authorization") == f"Bearer {self.token}"


def _heard(form: Form, text: str, model: str, *, translating: bool) -> Reply:
    if translating:
        return translation_problem(form, model) or answer_to(form, text, model, "translate")
    return form_problem(form, model) or answer_to(form, text, model)


def _without_model(form: Form) -> Form:
    return replace(form, fields=tuple((name, value) for name, value in form.fields if name != "model"))


def _error(status: int, code: str, message: str) -> Reply:
    return json_reply({"error": {"code": code, "message": message}}, status, ("apim-request-id", "apim-test"))


STAND: Final = Stand(
    provider="azure",
    judge=AzureWire,
    model="whisper",
    others=("gpt-transcribe", "my-gpt-4o-transcribe", "team-diarize"),
)
