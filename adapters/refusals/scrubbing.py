"""What a provider wrote, made fit for a reason: one line, short, and without anything that looks like a secret.

The shell removes the exact key that it sent; this removes what merely looks like one, because providers also echo keys in
part, other people's keys, and the names of accounts.
"""

import re
from typing import Final

__all__ = ("REMOVED", "scrubbed")

REMOVED: Final = "[removed]"

_LONGEST_READ: Final = 4096
"""No message is read further: what is kept is far shorter, and every pattern stays cheap on hostile input."""

# Each pattern keeps its first group, where there is one, and loses the rest.
_SECRETS: Final[tuple[re.Pattern[str], ...]] = (
    re.compile(r"(?i)(\bhttps?://)[^\s/@]{1,256}@"),  # who logs in, in an address
    re.compile(r"(?i)(\bhttps?://[^\s?#]{1,512})[?#][^\s`'\"<>]+"),  # what an address asks for
    re.compile(r"()\b[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}"),
    re.compile(r"(?i)(\b(?:bearer|basic|token) +)[\w.~+/=*-]{6,}"),
    re.compile(r"(?i)(\bapi[ _-]?keys?\b[^:=\n]{0,24}[:=] *)[^\s,;]+"),
    re.compile(r"(?i)(\b(?:access[_-]token|token|secret|password|signature|sig) ?= ?)[^\s,;&]+"),
    re.compile(r"(?i)(\b(?:organi[sz]ation|project|account)(?: id)? +)[`'\"][^`'\"]{1,80}[`'\"]"),
    re.compile(r"(?i)()\b(?:org|proj|acct|user)[-_][a-z0-9]{6,}[\w-]*"),
    re.compile(r"(?i)()\b(?:sk|pk|rk|gsk|xai|hf|fw|key|dg)[-_][\w*.-]{4,}"),
    re.compile(r"()\bAIza[\w-]{8,}|\bya29\.[\w.-]{8,}|\beyJ[\w-]{8,}[\w.=-]*"),
    re.compile(r"(?i)()\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
    re.compile(r"()(?=[\w+/=*]{0,200}\d)(?=[\w+/=*]{0,200}[A-Za-z])[\w+/=*]{20,}"),
    re.compile(r"()\d{20,}"),
)


def scrubbed(text: str, longest: int = 160) -> str:
    r"""`text` on one line of at most `longest` characters, with every likely secret replaced by `[removed]`.

    >>> scrubbed("Incorrect API key provided: sk-proj-abc123.\nYou can find your key …")
    'Incorrect API key provided: [removed] You can find your key …'
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text[:_LONGEST_READ]).split())
    for pattern in _SECRETS:
        line = pattern.sub(rf"\1{REMOVED}", line)
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
