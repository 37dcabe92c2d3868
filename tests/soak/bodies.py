"""Mutated forms against a gateway over real sockets: no 500, no crash, no hang.

    python -m tests.soak.bodies --count 100000

Bytes are flipped, cut out, doubled, moved and put in, boundaries and heads among them; lengths are told wrongly. Prints how often
each status came, and each body that broke the rule, by its number, which makes it again.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from tests.conformance.kit import STANDS
from tests.conformance.socket_server import SocketServer
from tests.soak.moods import Forgetful
from tests.soak.process import Process, serving
from tests.soak.wire import Answer, asked, form, head
from tests.sounds import tone
from voxplan.engine.documents.printing import print_spec
from voxplan.engine.language.gateway import Gateway
from voxplan.engine.language.spec import RouteNode, Spec
from voxplan.engine.terms.quantity import Span

__all__ = ("Odd", "mutated", "run", "served")

_KEY: Final = "sk-soak-0123456789abcdef"
_STAND: Final = STANDS["openai"]
_AT_ONCE: Final = 32
_PATIENCE_S: Final = 20.0
_FIELDS: Final = (
    ("model", "r"),
    ("language", "en"),
    ("temperature", "0.2"),
    ("response_format", "verbose_json"),
    ("timestamp_granularities[]", "word"),
    ("metadata", '{"tags": ["a"]}'),
    ("fallbacks[]", "r"),
    ("stream", "false"),
    ("timeout", "5"),
    ("known_speaker_names[]", "Ann"),
    ("chunking_strategy[type]", "server_vad"),
)
_TOKENS: Final = (
    *(
        b"\r\n",
        b"--",
        b"\r\n\r\n",
        b"\x00",
        b"\xff\xfe",
        b'"',
        b";",
        b"=",
        b"%00",
        b"[]",
        b"[[",
        b"name=",
        b"filename*=utf-8''%ff",
    ),
    *(b"Content-Disposition: form-data", b'; name="file"', b'; filename=""', b"Content-Transfer-Encoding: base64\r\n"),
    *(b"Content-Type: text/plain; charset=utf-16\r\n", b"1e999", b"nan", b"-1", b"{" * 200, b"[" * 5000, "ä€𝄞".encode()),
)


class Odd(NamedTuple):
    """A request that was not answered as it should be."""

    number: int
    why: str


class _Case(NamedTuple):
    boundary: bytes
    body: bytes


def mutated(number: int) -> tuple[bytes, bytes, bool]:
    """The head and body of the case of this number; and whether the client closes its side when all is sent."""
    chance = random.Random(number)
    fields = chance.sample(_FIELDS, chance.randint(0, 4))
    fields = [*fields, ("model", "r")] if chance.random() < 0.7 and ("model", "r") not in fields else fields
    audio = None if chance.random() < 0.1 else tone(0.05)[: chance.choice((0, 10, 44, 100, 2000))]
    case = _Case(*form(fields, audio, first=chance.random() < 0.5))
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 8))):
        case = chance.choice(_MUTATIONS)(case, chance)
    said = len(case.body)
    wrong = chance.random() < 0.1
    if wrong:
        said = max(0, said + chance.randint(-40, 40))
    body = case.body
    if chance.random() < 0.2 and not wrong:
        return head(case.boundary, None, _KEY), _chunked(body, chance), False
    return head(case.boundary, said, _KEY), body, wrong


def _chunked(body: bytes, chance: random.Random) -> bytes:
    """The body in chunks, now and then a malformed one."""
    pieces, offset = list[bytes](), 0
    while offset < len(body):
        size = chance.randint(1, 700)
        piece = body[offset : offset + size]
        pieces.append(b"%x\r\n%s\r\n" % (len(piece), piece))
        offset += size
    end = b"0\r\n\r\n" if chance.random() < 0.95 else b"zz\r\n\r\n"
    return b"".join(pieces) + end


def _place(body: bytes, chance: random.Random) -> int:
    """A place in the body, near a line's end more often than not: that is where the structure is."""
    ends = [index for index in range(len(body)) if body[index : index + 1] in b"\r\n-"]
    if ends and chance.random() < 0.5:
        return max(0, min(len(body), chance.choice(ends) + chance.randint(-2, 2)))
    return chance.randint(0, len(body))


def _flip(case: _Case, chance: random.Random) -> _Case:
    at = _place(case.body, chance)
    return case._replace(body=case.body[:at] + bytes([chance.randrange(256)]) + case.body[at + 1 :])


def _cut(case: _Case, chance: random.Random) -> _Case:
    at = _place(case.body, chance)
    return case._replace(body=case.body[:at] + case.body[at + chance.choice((1, 2, 5, 50, 100_000)) :])


def _put(case: _Case, chance: random.Random) -> _Case:
    at = _place(case.body, chance)
    return case._replace(body=case.body[:at] + chance.choice(_TOKENS) + case.body[at:])


def _double(case: _Case, chance: random.Random) -> _Case:
    start, end = sorted((_place(case.body, chance), _place(case.body, chance)))
    return case._replace(body=case.body[:end] + case.body[start:end] * chance.choice((1, 1, 2, 30)) + case.body[end:])


def _move(case: _Case, chance: random.Random) -> _Case:
    start, end = sorted((_place(case.body, chance), _place(case.body, chance)))
    rest = case.body[:start] + case.body[end:]
    at = _place(rest, chance)
    return case._replace(body=rest[:at] + case.body[start:end] + rest[at:])


def _bound(case: _Case, chance: random.Random) -> _Case:
    boundary = chance.choice((b"", b"x" * 300, b'"quoted b"', case.boundary[:-1], case.boundary + b"-", b"a b", b"\xff\xfe"))
    return case._replace(boundary=boundary)


_MUTATIONS: Final[tuple[Callable[[_Case, random.Random], _Case], ...]] = (_flip, _flip, _cut, _put, _put, _double, _move, _bound)


@contextmanager
def served(upstream: SocketServer, folder: Path) -> Generator[Process]:
    """A gateway in front of `upstream`; its spec and its log are in `folder`."""
    upstream.seen = Forgetful()
    rules = Gateway(idle=Span(5_000), in_flight=64, queue=1000)
    routes = {"r": RouteNode(use="a")}
    spec = Spec(voxplan=1, deployments={"a": _STAND.deployment(upstream)}, routes=routes, gateway=rules)
    (folder / "spec.yaml").write_text(print_spec(spec, "yaml"))
    with serving(folder / "spec.yaml", _KEY, _STAND.environment(), folder / "log") as process:
        yield process


async def run(process: Process, numbers: range) -> tuple[Counter[str], list[Odd]]:
    """Send the cases of these numbers; how often each answer came, and what was wrong."""
    statuses, odd = Counter[str](), list[Odd]()
    left = iter(numbers)

    async def work() -> None:
        for number in left:
            answer, why = await _answered(process.port, number)
            statuses[_shape(answer)] += 1
            if why:
                odd.append(Odd(number, why))

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
    return statuses, odd


def _shape(answer: Answer) -> str:
    """The status, and the code of an error."""
    if answer.status < 400:
        return str(answer.status)
    with suppress(ValueError, KeyError, TypeError):
        return f"{answer.status} {json.loads(answer.body)['error']['code']}"
    return f"{answer.status} {answer.body[:40]!r}"


async def _answered(port: int, number: int) -> tuple[Answer, str]:
    first, body, closes = mutated(number)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            answer = await asked(port, [first, body], close_after=closes)
    except TimeoutError:
        return Answer(-1, {}, b""), f"no answer within {_PATIENCE_S:.0f} s"
    if not answer.status:
        return answer, "" if closes else "closed without an answer"
    if answer.status == 500 or b"Traceback" in answer.body:
        return answer, f"{answer.status}: {answer.body[:200]!r}"
    return answer, ""


def main() -> int:
    """Send as many as were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100_000, help="how many bodies (default 100000)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first (default 0)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _STAND.server() as upstream:
        with served(upstream, Path(folder)) as process:
            before, began = process.held(), time.monotonic()
            statuses, odd = asyncio.run(run(process, range(arguments.first, arguments.first + arguments.count)))
            print(f"{arguments.count} bodies in {time.monotonic() - began:.0f} s: {dict(sorted(statuses.items()))}")
            print(f"before {before}\nafter  {process.held()}")
        log = (Path(folder) / "log").read_text()
    print(*odd, sep="\n")
    print(f"{len(odd)} odd; the log has {len(log.splitlines())} lines", log[-2000:], sep="\n")
    return 1 if odd or log else 0


if __name__ == "__main__":
    sys.exit(main())
