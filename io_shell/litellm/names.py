"""Names of LiteLLM's as names of ours: any text there; letters, digits and `_.:@-` here, each name once."""

import re
from collections.abc import Iterable
from typing import Final

__all__ = ("Names", "why_renamed")

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,99}")
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9_.:@-]+")
_LONGEST: Final = 90  # leaves room for a number


class Names:
    """The names of one spec, those of deployments and routes together."""

    def __init__(self, nobodys: Iterable[str] = ()) -> None:
        """None yet; what is `nobodys` stays so, for whoever asks for that means something that is not there.

        >>> Names(["groq:whisper"]).free("groq/whisper")
        'groq:whisper-2'
        """
        self._taken = set(nobodys)

    def called(self, wanted: Iterable[str]) -> dict[str, str]:
        """A name for each of several: whatever is one keeps it, and the others make way.

        >>> Names().called(["groq/whisper", "groq:whisper"])
        {'groq/whisper': 'groq:whisper-2', 'groq:whisper': 'groq:whisper'}
        """
        every = tuple(dict.fromkeys(wanted))
        kept = {name: self.free(name) for name in every if _NAME.fullmatch(name)}
        return {name: kept[name] if name in kept else self.free(name) for name in every}

    def free(self, wanted: str) -> str:
        """A name like `wanted` that nothing has yet; a slash becomes a colon.

        >>> names = Names()
        >>> names.free("groq/whisper"), names.free("groq:whisper")
        ('groq:whisper', 'groq:whisper-2')
        """
        base = wanted if _NAME.fullmatch(wanted) else _like(wanted)
        name, number = base, 2
        while name in self._taken:
            name, number = f"{base[:_LONGEST]}-{number}", number + 1
        self._taken.add(name)
        return name


def why_renamed(name: str) -> str:
    """Why the name cannot stay as it is.

    >>> why_renamed("a/b"), why_renamed("-b")
    ('names here hold no such characters', 'names here start with a letter or a digit')
    """
    if _NOT_IN_A_NAME.search(name):
        return "names here hold no such characters"
    return "names here have at most 100 characters" if _NAME.match(name) else "names here start with a letter or a digit"


def _like(wanted: str) -> str:
    return _NOT_IN_A_NAME.sub("-", wanted.replace("/", ":")).strip("_.:@-")[:_LONGEST] or "model"
