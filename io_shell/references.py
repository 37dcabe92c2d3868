"""References such as `${OPENAI_API_KEY}`: where a spec's secrets and addresses come from.

A reference is resolved when an attempt needs it, from the environment it was given. What it resolves to goes into a header and
nowhere else.
"""

import re
from collections.abc import Mapping
from typing import Final

from returns.result import Failure, Success

__all__ = ("Environment", "missing_references", "resolve")

Environment = Mapping[str, str]

_REFERENCE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def resolve(text: str, environment: Environment) -> Success[str] | Failure[str]:
    """`text` with every reference filled in, or the name of the first variable that is not set (or is empty)."""
    missing = missing_references(text, environment)
    if missing:
        return Failure(missing[0])
    return Success(_REFERENCE.sub(lambda match: environment[match[1]], text))


def missing_references(text: str, environment: Environment) -> tuple[str, ...]:
    """The variables that `text` refers to and that are not set, in order."""
    return tuple(name for name in _REFERENCE.findall(text) if not environment.get(name))
