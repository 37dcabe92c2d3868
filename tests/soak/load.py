"""Mixed load with random faults on both sides of a gateway, until the time is up.

    python -m tests.soak.load --minutes 30

Upstreams hang, drip, break off, reset, lie, and are killed and started again; clients are slow, leave in the middle, send what is
no form, ask for streams, fallbacks and faults. Prints what was answered and what the process held meanwhile, and exits with 1
when a request was not answered as it should be, or when something is left behind: a task, a file, a connection, memory.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from tests.conformance.kit import STANDS
from tests.conformance.stands import Stand
from tests.soak.moods import Moody
from tests.soak.process import Held, Process, serving
from tests.soak.wire import Answer, asked, connected, form, head
from tests.sounds import tone
from voxplan.engine.documents.printing import print_spec
from voxplan.engine.language.gateway import Gateway
from voxplan.engine.language.spec import Arm, Backoff, Balance, Deployment, OptionRules, Race, Retry, RouteNode, Rules, Spec
from voxplan.engine.terms.quantity import Size, Span

__all__ = ("Report", "loaded", "served")

_KEY: Final = "sk-soak-0123456789abcdef"
_STAND: Final[Stand] = STANDS["openai"]
_CLIENTS: Final = 24
_LONGEST_S: Final = 30.0
_LARGEST: Final = 4 << 20
_SAMPLE_S: Final = 10.0
_LIFE_S: Final = (4.0, 15.0)  # of an upstream, until it is killed
_SETTLED_S: Final = 20.0
_MORE_KB: Final = 24 * 1024  # of memory that may be held after the load than after its first part
_SMALL: Final = tone(0.2)
_FORMATS: Final = ("json", "text", "srt", "vtt", "verbose_json")


class Report(NamedTuple):
    """What came of it. `wrong` is empty when all was well."""

    answers: Counter[str]
    samples: list[tuple[float, Held]]
    wrong: list[str]


def _spec(ports: list[int]) -> Spec:
    models = ("whisper-1", "gpt-4o-transcribe", "whisper-1")
    there = {
        f"d{index}": Deployment(provider="openai", model=model, base_url=f"http://127.0.0.1:{port}/v1", api_key="${STAND_KEY}")
        for index, (port, model) in enumerate(zip(ports, models, strict=True))
    }
    uses = {name: RouteNode(use=name) for name in there}
    streams = OptionRules(stream="emulate", timestamps="drop")
    routes = {
        "chain": RouteNode(first=(uses["d0"], uses["d2"], uses["d1"]), options=streams),
        "race": RouteNode(race=Race(stagger=Span(200), among=(uses["d2"], uses["d0"])), options=streams),
        "balance": RouteNode(
            balance=Balance(among=(Arm(route=uses["d0"], weight=3), Arm(route=uses["d2"])), spill=1), options=streams
        ),
        "live": RouteNode(first=(uses["d1"], uses["d2"]), options=streams),
    }
    return Spec(
        voxplan=1,
        deployments=there,
        routes=routes,
        defaults=Rules(
            timeout=Span(1_500),
            deadline=Span(8_000),
            retry=Retry(times=1, backoff=Backoff(base=Span(20), cap=Span(200))),
        ),
        gateway=Gateway(idle=Span(4_000), in_flight=20, queue=6, queue_wait=Span(1_000), largest_upload=Size(_LARGEST)),
    )


class _Load:
    """Everything that happens at once, until the time is up."""

    def __init__(self, process: Process, chance: random.Random) -> None:
        self.answers = Counter[str]()
        self.wrong: list[str] = []
        self._port = process.port
        self._chance = chance
        self._kinds: tuple[tuple[int, Callable[[], Awaitable[str]]], ...] = (
            (10, self._whole),
            (4, self._streamed),
            (2, self._large),
            (2, self._too_large),
            (3, self._slow),
            (2, self._stuck),
            (4, self._leaves_waiting),
            (4, self._leaves_sending),
            (2, self._no_form),
            (2, self._no_key),
            (2, self._bad_field),
            (2, self._simulated),
            (1, self._looks),
        )

    async def client(self, until: float) -> None:
        """One client after another."""
        kinds, weights = [kind for _, kind in self._kinds], [weight for weight, _ in self._kinds]
        while time.monotonic() < until:
            kind = self._chance.choices(kinds, weights)[0]
            name = kind.__name__.strip("_")
            try:
                async with asyncio.timeout(_LONGEST_S):
                    came = await kind()
            except TimeoutError:
                came = "hangs"
                self.wrong.append(f"{name}: no answer within {_LONGEST_S:.0f} s")
            self.answers[f"{name}: {came}"] += 1

    def _form(self, *more: tuple[str, str], audio: bytes = _SMALL) -> tuple[bytes, bytes]:
        fields = [("model", self._chance.choice(("chain", "race", "balance"))), *more]
        boundary, body = form(fields, audio, first=self._chance.random() < 0.3)
        return head(boundary, len(body), _KEY), body

    def _expect(self, name: str, answer: Answer, *expected: int) -> str:
        """Errors are envelopes, and nothing else than is expected comes."""
        if answer.status not in expected:
            self.wrong.append(f"{name}: {answer.status} {answer.body[:300]!r}")
        elif answer.status >= 400 and "error" not in answer.body.decode():
            self.wrong.append(f"{name}: {answer.status} without an envelope: {answer.body[:300]!r}")
        return str(answer.status)

    async def _whole(self) -> str:
        asked_for = self._chance.choice(_FORMATS)
        answer = await asked(self._port, self._form(("response_format", asked_for)))
        return self._expect("whole", answer, 200, 400, 429, 502, 503, 504)

    async def _large(self) -> str:
        audio = tone(self._chance.uniform(1.0, 100.0))
        answer = await asked(self._port, self._form(audio=audio))
        return self._expect("large", answer, 200, 400, 429, 502, 503, 504)

    async def _too_large(self) -> str:
        answer = await asked(self._port, self._form(audio=bytes(_LARGEST + 200_000)))
        return self._expect("too large", answer, 413, 503)

    async def _streamed(self) -> str:
        boundary, body = form([("model", "live"), ("stream", "true")], _SMALL)
        answer = await asked(self._port, [head(boundary, len(body), _KEY), body])
        ended = answer.body.endswith(b"data: [DONE]\n\n") or b'"error"' in answer.body
        if answer.status == 200 and not ended:
            self.wrong.append(f"stream without an end: {answer.body[-300:]!r}")
        return self._expect("streamed", answer, 200, 400, 429, 502, 503, 504)

    async def _slow(self) -> str:
        first, body = self._form()

        async def pieces() -> AsyncGenerator[bytes]:
            yield first
            for offset in range(0, len(body), 1 + len(body) // 10):
                await asyncio.sleep(0.1)
                yield body[offset : offset + 1 + len(body) // 10]

        return self._expect("slow", await asked(self._port, pieces()), 200, 400, 429, 502, 503, 504)

    async def _stuck(self) -> str:
        """Sends a part and then nothing, until it is told to go, or has no patience either."""
        first, body = self._form()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._chance.choice((1.0, 10.0))):
                answer = await asked(self._port, [first, body[: len(body) // 2]])
                return self._expect("stuck", answer, 408, 503)
        return "left"

    async def _leaves_waiting(self) -> str:
        first, body = self._form(("stream", self._chance.choice(("true", "false"))))
        with suppress(TimeoutError):
            async with asyncio.timeout(self._chance.choice((0.001, 0.05, 0.5))):
                await asked(self._port, [first, body])
        return "left"

    async def _leaves_sending(self) -> str:
        first, body = self._form(audio=tone(20.0))
        with suppress(ConnectionError):
            async with connected(self._port) as (_, writer):
                writer.write(first + body[: self._chance.randint(0, len(body) - 1)])
                await asyncio.sleep(self._chance.choice((0, 0.01, 0.2)))
        return "left"

    async def _no_form(self) -> str:
        first, body = self._form()
        at = self._chance.randint(0, min(300, len(body)))
        broken = body[:at] + self._chance.randbytes(20) + body[at + 20 :]
        return self._expect("no form", await asked(self._port, [first, broken]), 200, 400, 404, 429, 502, 503, 504)

    async def _no_key(self) -> str:
        boundary, body = form([("model", "chain")], _SMALL)
        answer = await asked(self._port, [head(boundary, len(body), "sk-wrong"), body])
        return self._expect("no key", answer, 401)

    async def _bad_field(self) -> str:
        wrong = self._chance.choice((("temperature", "abc"), ("tempersture", "0"), ("api_base", "http://x")))
        return self._expect("bad field", await asked(self._port, self._form(wrong)), 400, 503)

    async def _simulated(self) -> str:
        kind = self._chance.choice(("rate_limited", "server_error", "unauthorized"))
        pretended = ("simulate", json.dumps({"openai": kind}))
        answer = await asked(self._port, self._form(pretended, ("fallbacks", "live")))
        return self._expect("simulated", answer, 429, 502, 503, 504)

    async def _looks(self) -> str:
        request = f"GET /v1/models HTTP/1.1\r\nhost: g\r\nauthorization: Bearer {_KEY}\r\n\r\n".encode()
        return self._expect("looks", await asked(self._port, [request]), 200)


async def _killed_and_started(share: float, seed: int, port: int, until: float) -> None:
    """An upstream that dies now and then, and comes back on the same port."""
    chance = random.Random(seed)
    while time.monotonic() < until:
        server = Moody(_STAND.judge(), share, chance.randrange(10**9), port)
        try:
            await asyncio.to_thread(server.__enter__)
        except AssertionError:  # the port is not free yet
            await asyncio.sleep(0.5)
            continue
        await asyncio.sleep(min(chance.uniform(*_LIFE_S), max(0.0, until - time.monotonic())))
        await asyncio.to_thread(server.__exit__, None, None, None)
        await asyncio.sleep(chance.uniform(0.0, 1.0))


@contextmanager
def served(folder: Path) -> Generator[tuple[Process, list[int]]]:
    """A gateway, and the ports on which its upstreams are to listen; its spec and its log are in `folder`."""
    ports = _free_ports(3)
    (folder / "spec.yaml").write_text(print_spec(_spec(ports), "yaml"))
    with serving(folder / "spec.yaml", _KEY, _STAND.environment(), folder / "log") as process:
        yield process, ports


async def loaded(process: Process, ports: list[int], seconds: float, seed: int = 0) -> Report:
    """Load the gateway for so long, then see what is left."""
    chance, until = random.Random(seed), time.monotonic() + seconds
    load, samples, began = _Load(process, chance), list[tuple[float, Held]](), time.monotonic()

    async def look() -> None:
        while time.monotonic() < until:
            await asyncio.sleep(min(_SAMPLE_S, seconds / 10))
            samples.append((time.monotonic() - began, await asyncio.to_thread(process.held)))

    idle = await asyncio.to_thread(process.held)
    async with asyncio.TaskGroup() as tasks:
        for index, port in enumerate(ports):
            tasks.create_task(_killed_and_started((0.5, 0.3, 0.1)[index], seed + index, port, until + 1))
        tasks.create_task(look())
        for _ in range(_CLIENTS):
            tasks.create_task(load.client(until))
    left = await _settled(process, idle)
    early = samples[len(samples) // 5][1]
    if left.resident_kb > early.resident_kb + _MORE_KB:
        load.wrong.append(f"memory grew: {early} early on, {left} in the end")
    if left.tasks > idle.tasks or left.temporary or left.descriptors > idle.descriptors + 20:
        load.wrong.append(f"something is left: {idle} before, {left} after")
    samples.append((time.monotonic() - began, left))
    return Report(load.answers, samples, load.wrong)


async def _settled(process: Process, idle: Held) -> Held:
    """What is held once all is over, or when there is no more patience."""
    until = time.monotonic() + _SETTLED_S
    while True:
        held = await asyncio.to_thread(process.held)
        if (held.tasks <= idle.tasks and not held.temporary) or time.monotonic() > until:
            return held
        await asyncio.sleep(0.5)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        return [stack.enter_context(_STAND.server()).port for _ in range(count)]


def main() -> int:
    """Load a gateway for as long as was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0, help="how long (default 30)")
    parser.add_argument("--seed", type=int, default=0, help="of all chance (default 0)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with served(Path(folder)) as (process, ports):
            report = asyncio.run(loaded(process, ports, 60 * arguments.minutes, arguments.seed))
        written = (Path(folder) / "log").read_text()
    for at_s, held in report.samples[:: max(1, len(report.samples) // 12)]:
        print(f"{at_s:7.0f} s  {held}")
    print(f"{sum(report.answers.values())} requests")
    for came, count in sorted(report.answers.items()):
        print(f"{count:8}  {came}")
    print(*report.wrong[:40], sep="\n")
    print(f"{len(report.wrong)} wrong; the log has {len(written.splitlines())} lines", written[-3000:], sep="\n")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
