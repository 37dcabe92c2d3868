"""The voices of known speakers, from files to the data URLs that providers take."""

from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from voxplan.adapters.audio.containers import EXTENSIONS, HEAD_BYTES, container_of, foreign_kind
from voxplan.adapters.audio.media import MEDIA_TYPES
from voxplan.engine.terms.spelling import quoted
from voxplan.io_shell.errors import RequestError

__all__ = ("MOST_BYTES", "voices")

MOST_BYTES: Final = 10 * 2**20
"""Far more than the 2 to 10 seconds that OpenAI asks for (platform.openai.com/docs/api-reference/audio)."""


def voices(speakers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A data URL for each name. Raises RequestError for a name that stands twice, and for a file that is no short recording."""
    found: dict[str, str] = {}
    for name, file in speakers:
        if name in found:
            raise RequestError(f"the speaker {quoted(name)} is given twice")
        found[name] = _voice(name, file)
    return found


def _voice(name: str, file: str) -> str:
    try:
        with Path(file).open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as problem:
        why = (problem.strerror if isinstance(problem, OSError) else None) or str(problem)
        raise RequestError(f"the voice of {quoted(name)}, {quoted(file)}, cannot be read: {why.lower()}") from None
    if len(content) > MOST_BYTES:
        raise RequestError(f"the voice of {quoted(name)}, {quoted(file)}, is too large: a few seconds of it are enough")
    head = content[:HEAD_BYTES]
    container = container_of(head)
    if container is None:
        kind = "empty" if not content else foreign_kind(head) or "no audio that can be recognised"
        raise RequestError(f"the voice of {quoted(name)}, {quoted(file)}, is {kind}")
    return f"data:{MEDIA_TYPES[EXTENSIONS[container][0]]};base64,{b64encode(content).decode()}"
