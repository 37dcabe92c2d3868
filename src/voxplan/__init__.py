"""voxplan routes speech-to-text.

A policy author declares where audio may go; a pure core turns that spec and one request into a plan, as data; a small async
shell carries the plan out against the providers.

The names below are loaded when they are first used, so that the engine can be used, and a worker started, without the shell.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from voxplan.adapters.redacting import redact
    from voxplan.adapters.rendering.events import Delta, Done, SegmentEvent
    from voxplan.engine.plans.plan import Plan
    from voxplan.engine.runs.run import Blocked, Passed, Verdict
    from voxplan.engine.terms.request import AudioFacts, Options, Request
    from voxplan.engine.terms.transcript import Segment, Transcript, Word
    from voxplan.io_shell.answer import Answer
    from voxplan.io_shell.client import Vox, open  # noqa: A004 - read as `voxplan.open`
    from voxplan.io_shell.errors import AdapterBug, MissingExtra, ProviderError, RequestError, SpecError, VoxplanError
    from voxplan.io_shell.gateway.app import GatewayOptions, gateway
    from voxplan.io_shell.judging import GuardrailFunction, Judged
    from voxplan.io_shell.quickstart import atranscription, transcription
    from voxplan.io_shell.sync import SyncVox, open_sync
    from voxplan.io_shell.transcript_stream import TranscriptStream

__all__ = (
    "AdapterBug",
    "Answer",
    "AudioFacts",
    "Blocked",
    "Delta",
    "Done",
    "GatewayOptions",
    "GuardrailFunction",
    "Judged",
    "MissingExtra",
    "Options",
    "Passed",
    "Plan",
    "ProviderError",
    "Request",
    "RequestError",
    "Segment",
    "SegmentEvent",
    "SpecError",
    "SyncVox",
    "Transcript",
    "TranscriptStream",
    "Verdict",
    "Vox",
    "VoxplanError",
    "Word",
    "atranscription",
    "gateway",
    "open",
    "open_sync",
    "redact",
    "transcription",
)

__version__ = "0.1.0"

_HOMES: Final = {
    "adapters.redacting": ("redact",),
    "adapters.rendering.events": ("Delta", "Done", "SegmentEvent"),
    "engine.plans.plan": ("Plan",),
    "engine.terms.request": ("AudioFacts", "Options", "Request"),
    "engine.runs.run": ("Blocked", "Passed", "Verdict"),
    "engine.terms.transcript": ("Segment", "Transcript", "Word"),
    "io_shell.answer": ("Answer",),
    "io_shell.client": ("Vox", "open"),
    "io_shell.errors": ("AdapterBug", "MissingExtra", "ProviderError", "RequestError", "SpecError", "VoxplanError"),
    "io_shell.gateway.app": ("GatewayOptions", "gateway"),
    "io_shell.judging": ("GuardrailFunction", "Judged"),
    "io_shell.quickstart": ("atranscription", "transcription"),
    "io_shell.sync": ("SyncVox", "open_sync"),
    "io_shell.transcript_stream": ("TranscriptStream",),
}
_HOME_OF: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module `voxplan` has no attribute `{name}`")
    return getattr(import_module(f"voxplan.{home}"), name)


def __dir__() -> list[str]:
    return sorted((*__all__, "__version__"))
