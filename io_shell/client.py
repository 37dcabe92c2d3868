"""The library's face: open a spec, transcribe audio through it.

    async with voxplan.open("specs/first.yaml") as vox:
        answer = await vox.transcribe("talk.mp3", route="whisper", language="en")

One opened spec is one view of its deployments' health, one pool of connections and one local recogniser; use it for as many
transcriptions at once as you like, on asyncio or trio.
"""

import os
import secrets
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Unpack

import httpx
from msgspec.structs import replace
from returns.result import Failure

from voxplan.engine.language.addresses import address_problem
from voxplan.engine.observed.view import View
from voxplan.engine.plans.plan import Plan, attempts
from voxplan.engine.plans.planning import plan
from voxplan.engine.plans.pricing import cost
from voxplan.engine.plans.router import Router
from voxplan.engine.runs.run import Served, Skipped, Unserved
from voxplan.engine.terms.request import AudioFacts, Request
from voxplan.io_shell.answer import Answer
from voxplan.io_shell.asking import asked_seed, asked_text
from voxplan.io_shell.audio.probe import AudioProblem, probe
from voxplan.io_shell.audio.source import AudioInput, AudioSource, open_audio
from voxplan.io_shell.clock import Clock, LoopClock
from voxplan.io_shell.credentials.store import CredentialStore
from voxplan.io_shell.errors import RequestError, SpecError
from voxplan.io_shell.failing import Limited, refused, unserved
from voxplan.io_shell.health_checking import check_route, checks, second_of_sound
from voxplan.io_shell.judging import Guardrails, Judging, require_guardrails
from voxplan.io_shell.keeper import Keeper
from voxplan.io_shell.loading import SpecSource, load
from voxplan.io_shell.local.pool import LocalRecogniser
from voxplan.io_shell.meeting import Tools
from voxplan.io_shell.options import TranscribeOptions
from voxplan.io_shell.performing import Equipment, Performance
from voxplan.io_shell.references import resolve
from voxplan.io_shell.relaying import Relay
from voxplan.io_shell.requesting import asked_request
from voxplan.io_shell.running import Observer, Ran, run_plan
from voxplan.io_shell.transcript_stream import TranscriptStream, streamed
from voxplan.io_shell.transport import HttpxTransport, Transport, new_client

__all__ = ("Vox", "open", "require_addresses")


@asynccontextmanager
async def open(  # noqa: A001 - read as `voxplan.open`
    spec: SpecSource = None,
    *,
    environment: Mapping[str, str] | None = None,
    transport: Transport | None = None,
    observers: Sequence[Observer] = (),
    guardrails: Guardrails | None = None,
    after: "Vox | None" = None,
) -> AsyncGenerator["Vox", None]:
    """Open a routing spec: a file's path, a Spec, a Router, or nothing for the recogniser on this machine.

    `${NAME}` references come from `environment` (default: the process's). `transport` replaces the one that sends bytes.
    `observers` see everything that happens in every run. `guardrails` are the functions of the spec's custom guardrails, by
    name; see `judging`. `after` is an opened spec that this one takes over from: both see the same of their deployments from now
    on. Raises SpecError with every mistake at once.
    """
    router, functions = load(spec), dict(guardrails or {})
    require_guardrails(router, functions)
    variables = os.environ if environment is None else environment
    require_addresses(router, variables)
    async with _http_client() as client, LocalRecogniser() as recogniser:
        tools = Tools(
            transport=HttpxTransport(client) if transport is None else transport,
            recogniser=recogniser,
            credentials=CredentialStore(variables),
        )
        equipment = Equipment(tools=tools, environment=variables)
        keeper = None if after is None else after.keeper_for(router)
        vox = Vox(router, equipment, tuple(observers), functions, keeper)
        try:
            yield vox
        finally:
            vox.close()


def _http_client() -> httpx.AsyncClient:
    try:
        return new_client()
    except (ImportError, ValueError, OSError) as problem:
        raise RequestError(f"the proxy or TLS settings of the environment cannot be used: {problem}") from None


def require_addresses(router: Router, variables: Mapping[str, str]) -> None:
    """An address that is unset or unsound would fail every attempt of its deployment: say so before the first one."""
    problems = [
        f"deployment `{name}`: `base_url` {problem}"
        for name, deployment in router.deployments.items()
        if deployment.base_url is not None
        for problem in _address_problems(deployment.base_url, variables)
    ]
    if problems:
        raise SpecError(tuple(problems))


def _address_problems(base_url: str, variables: Mapping[str, str]) -> Iterator[str]:
    found = resolve(base_url, variables)
    if isinstance(found, Failure):
        yield f"needs the environment variable `{found.failure()}`, which is not set"
    elif problem := address_problem(found.unwrap()):
        yield f"is not sound: {problem}"


class Vox:
    """An opened spec. `view` is what has been seen of its deployments so far."""

    def __init__(
        self,
        router: Router,
        equipment: Equipment,
        observers: tuple[Observer, ...] = (),
        guardrails: Guardrails | None = None,
        keeper: Keeper | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Made by `open`."""
        self.router = router
        self._equipment = equipment
        self._observers = observers
        self._guardrails = guardrails or {}
        self._keeper = keeper or Keeper(router)
        self._clock = clock or LoopClock()
        self._closed = False
        self._checks: Vox | None = None

    def close(self) -> None:
        """Take no more requests; `open` does this at its end."""
        self._closed = True

    def keeper_for(self, router: Router) -> Keeper:
        """The keeper of a router that takes over from this one's."""
        return self._keeper.heir(router)

    @property
    def view(self) -> View:
        """What has been observed of every deployment."""
        return self._keeper.view

    @property
    def moment_ms(self) -> int:
        """The moment now, on the clock that the moments of `view` are of."""
        return self._clock.now_ms()

    def plan(self, request: Request, *, seed: int | None = None) -> Plan:
        """What would be attempted now for `request`; sends nothing. Raises like `transcribe` when there is no plan."""
        planned = plan(self.router, request, self.view, self._clock.now_ms(), _seed(seed))
        if isinstance(planned, Failure):
            raise refused(planned.failure())
        return planned.unwrap()

    async def transcribe(self, audio: AudioInput, **options: Unpack[TranscribeOptions]) -> Answer:
        """Transcribe `audio`: a path, bytes, or a readable stream (sync or async; it is read once, from where it stands).

        The keywords, all optional: `route` (needed where the spec has several and none is called `default`); what is wanted of
        the transcription: `language`, `languages`, `prompt`, `keywords`, `temperature`, `response_format`, `timestamps`,
        `translate` (into English), `diarize`, `known_speakers` (name to `data:` URL), `logprobs`, `chunking_strategy`; what
        conditions may look at: `user`, `key`, `key_tags`, `tags`, `metadata`. `filename` names audio that has no name of its own.
        `fallbacks`, deployments or routes, follow the route inside its rules; `deadline`, seconds or `"30s"`, bounds all;
        `retries` is how often each deployment is asked again at most, where the spec would more often; `allowed` names the
        deployments and routes that this caller may use (None: all). `seed` makes the draws repeatable. `observers` see this
        run only.

        To test fallbacks: `simulate={"openai": "rate_limited"}` lets deployments or providers fail without being called,
        `mock_testing_fallbacks` whatever comes first.

        Raises RequestError when the audio or an option is at fault, ProviderError when no attempt gave an answer.
        """
        request, seed = asked_request(self.router, options), _seed(options.get("seed"))
        async with self._opened(audio, options.get("filename")) as source:
            found = replace(request, audio=await probe(source))
            return await self._run(found, source, seed, options.get("observers", ()))

    async def check_health(self, deployment: str) -> Answer:
        """Call one deployment with a second of sound, whatever the routes say, so that `view` learns how it is.

        The call is paid for like any other. Raises like `transcribe`; a deployment that cools off is not called.
        """
        if self._checks is None:
            # What a single second takes says little about a second of real audio, and would upset an order by latency.
            router = checks(self.router)
            keeper = self._keeper.heir(router, measures=False)
            self._checks = Vox(router, self._equipment, self._observers, keeper=keeper, clock=self._clock)
        if self._closed:
            self._checks.close()
        return await self._checks.transcribe(second_of_sound(), route=check_route(deployment), filename="check.wav")

    @asynccontextmanager
    async def stream(self, audio: AudioInput, **options: Unpack[TranscribeOptions]) -> AsyncGenerator[TranscriptStream]:
        """Transcribe `audio` and have the text as it comes; the keywords are those of `transcribe`.

            async with vox.stream("talk.mp3", route="live") as stream:
                async for event in stream:
                    …  # Delta, SegmentEvent, and at the end Done
                answer = stream.answer

        A deployment that does not stream is left out, unless the spec says `options: {stream: emulate}`: then its text comes at
        its end. Until the first text another deployment may take over, after it none. Raises like `transcribe`, in the loop.
        """
        request, seed = asked_request(self.router, options, stream=True), _seed(options.get("seed"))
        async with self._opened(audio, options.get("filename")) as source:
            found = replace(request, audio=await probe(source))
            run = partial(self._run, found, source, seed, options.get("observers", ()))
            async with streamed(run, found.options) as stream:
                yield stream

    @asynccontextmanager
    async def _opened(self, audio: AudioInput, filename: str | None) -> AsyncGenerator[AudioSource]:
        if self._closed:
            raise RequestError("this spec has been closed: transcribe inside its `with`", code="closed")
        try:
            async with open_audio(audio, filename=asked_text("filename", filename)) as source:
                yield source
        except AudioProblem as problem:
            raise RequestError(str(problem)) from None

    async def _run(
        self, request: Request, audio: AudioSource, seed: int, observers: Sequence[Observer], relay: Relay | None = None
    ) -> Answer:
        moment_ms = self._clock.now_ms()
        planned = plan(self.router, request, self.view, moment_ms, seed)
        if isinstance(planned, Failure):
            raise refused(planned.failure())
        perform = Performance(self.router, request, audio, self._equipment, relay)
        judge = Judging(self._guardrails, request.options.prompt)
        # While the audio still comes in, how long a call takes says more about who sends it than about the deployment.
        early = not audio.is_whole
        seconds = None if early else request.audio.seconds
        admission = self._keeper.run(None if seconds is None else round(seconds * 1000), lambda: audio.is_whole)
        everybody = (*self._observers, *observers, *(() if relay is None else (relay.observe,)))
        ran = await run_plan(planned.unwrap(), perform, admission, self._clock, everybody, judge)
        if isinstance(ran.ended, Unserved):
            raise unserved(ran, seed, moment_ms, self._limits(ran.run.skipped))
        return _answer(ran, ran.ended, await _heard(request, audio) if early else request, self.router, seed, moment_ms)

    def _limits(self, skipped: Sequence[Skipped]) -> Limited | None:
        """Whether limits of the spec stand against each of these, and how long they all do."""
        now_ms = self._clock.now_ms()
        reached = [self._keeper.limit_reached(each.deployment, now_ms) for each in skipped if each.reason == "denied"]
        full = [each for each in reached if each is not None]
        if not full or len(full) < len(skipped):
            return None
        ends = [each.until_ms for each in full if each.until_ms is not None]
        return Limited(min(ends) - now_ms if len(ends) == len(full) else None)


async def _heard(request: Request, audio: AudioSource) -> Request:
    """The request with all that is known of its audio now that it is there: what a call came to is reckoned by it."""
    try:
        return replace(request, audio=await probe(audio))
    except AudioProblem:
        return request


def _answer(ran: Ran, served: Served, request: Request, router: Router, seed: int, moment_ms: int) -> Answer:
    run = ran.run
    by = next(entry for entry in run.trail if entry.attempt == served.attempt)
    node = next(node for node in attempts(run.plan.root) if node.node == by.node)
    return Answer(
        transcript=served.transcript,
        served_by=by.deployment,
        measured_seconds=request.audio.seconds,
        served_cost=cost(served.transcript.usage, router.deployments[by.deployment].price, _measured(request.audio, served)),
        attempts=run.trail,
        skipped=run.skipped,
        plan=run.plan,
        seed=seed,
        moment_ms=moment_ms,
        poor=served.poor,
        dropped=tuple(degrade.option for degrade in node.degrades if degrade.how == "dropped"),
        emulated=tuple(degrade.option for degrade in node.degrades if degrade.how == "emulated"),
        unchecked=served.unchecked,
        response_format=request.options.response_format,
    )


def _measured(audio: AudioFacts, served: Served) -> AudioFacts:
    """The audio with a length, if anybody knows it."""
    return audio if audio.seconds is not None else replace(audio, seconds=served.transcript.seconds)


def _seed(seed: int | None) -> int:
    asked = asked_seed(seed)
    return secrets.randbits(63) if asked is None else asked
