"""Names of LiteLLM's as names of ours: any text there; letters, digits and `_.:@-` here, each name once."""

import re
from typing import Final

__all__ = ("Names",)

_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9_.:@-]+")
_LONGEST: Final = 90  # leaves room for a number


class Names:
    """The names of one spec, those of deployments and routes together."""

    def __init__(self) -> None:
        """None yet."""
        self._taken: set[str] = set()

    def free(self, wanted: str) -> str:
        """A name like `wanted` that nothing has yet; a slash becomes a colon.

        >>> names = Names()
        >>> names.free("groq/whisper"), names.free("groq:whisper")
        ('groq:whisper', 'groq:whisper-2')
        """
        base = _NOT_IN_A_NAME.sub("-", wanted.replace("/", ":")).strip("_.:@-")[:_LONGEST] or "model"
        name, number = base, 2
        while name in self._taken:
            name, number = f"{base}-{number}", number + 1
        self._taken.add(name)
        return name
