"""What a caller can get wrong about the audio itself, before anything is sent anywhere. A small closed set."""

from typing import Final, Literal

__all__ = ("AudioProblem", "ProblemKind", "shown")

_MOST_LETTERS: Final = 120

ProblemKind = Literal["missing", "unreadable", "empty", "silent_length", "not_audio", "too_large", "changed"]
"""`silent_length`: a container that holds 0 seconds. `changed`: the file is no longer what it was when it was opened."""


class AudioProblem(Exception):
    """The audio cannot be used. `message` is one line for the caller, and names the file."""

    def __init__(self, kind: ProblemKind, message: str) -> None:
        """Blame the audio, for `kind`."""
        super().__init__(message)
        self.kind: ProblemKind = kind
        self.message = message


def shown(name: str) -> str:
    """A name as messages show it: in backticks, on one line, shortened in the middle when it is very long."""
    line = "".join(letter if letter.isprintable() else "?" for letter in name)
    return f"`{line}`" if len(line) <= _MOST_LETTERS else f"`{line[:60]}…{line[-59:]}`"
