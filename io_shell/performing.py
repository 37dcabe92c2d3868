"""Carrying out one call: drive the deployment's adapter, and give it what it wants.

The adapter says what to send; this fetches the key, sends, and hands back what came. Nothing here retries, and nothing here
decides: the first want that cannot be met ends the call in its failure. Every call is given the options of the request, with the
prompt as the input guardrails left it, save what the plan lets its deployment do without (law F7).
"""

from collections.abc import Mapping
from typing import assert_never, cast

import msgspec
from msgspec.structs import replace
from returns.result import Failure, Success

from voxplan.adapters.degrading import completed, reduced
from voxplan.adapters.registry import ADAPTERS
from voxplan.adapters.wire import Adapter, Call, Got, HttpRequest, Recognise, Want
from voxplan.engine.plans.router import Router, RouterDeployment
from voxplan.engine.runs.run import Send
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import Options, Request
from voxplan.engine.terms.transcript import Transcript
from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.local.pool import LocalRecogniser
from voxplan.io_shell.references import Environment, resolve
from voxplan.io_shell.running import Tell
from voxplan.io_shell.transport import Transport

__all__ = ("Equipment", "Performance")

_Met = Success[Got] | Failure[AttemptFailure]


class Equipment(msgspec.Struct, frozen=True, kw_only=True):
    """What calls are made with, shared by all runs of one opened spec."""

    transport: Transport
    recogniser: LocalRecogniser
    environment: Environment
    adapters: Mapping[str, Adapter] = msgspec.field(default_factory=lambda: ADAPTERS)


class Performance:
    """The calls of one run: one request, one audio, whatever deployments the plan names."""

    def __init__(self, router: Router, request: Request, audio: AudioSource, equipment: Equipment) -> None:
        """Nothing is sent yet."""
        self._router = router
        self._request = request
        self._audio = audio
        self._equipment = equipment

    async def __call__(self, send: Send, tell: Tell) -> Success[Transcript] | Failure[AttemptFailure]:
        """Carry out one call. No adapter streams yet, so there is nothing to `tell`."""
        del tell
        deployment = self._router.deployments[send.deployment]
        key = _resolved(deployment.api_key, self._equipment.environment)
        base_url = _resolved(deployment.base_url, self._equipment.environment)
        if isinstance(key, Failure):
            return key
        if isinstance(base_url, Failure):
            return base_url
        call = Call(
            provider=deployment.provider,
            model=deployment.model,
            options=self._options(send, deployment),
            audio=self._request.audio,
            filename=self._audio.filename,
            base_url=base_url.unwrap(),
            has_key=key.unwrap() is not None,
        )
        ended = await self._drive(self._equipment.adapters[deployment.provider], call, key.unwrap(), _patience_s(send))
        return Success(completed(ended.unwrap(), send.degrades)) if isinstance(ended, Success) else ended

    def _options(self, send: Send, deployment: RouterDeployment) -> Options:
        options = self._request.options
        approved = options if send.prompt is None else replace(options, prompt=send.prompt)
        return reduced(approved, send.degrades, deployment.capabilities)

    async def _drive(
        self, adapter: Adapter, call: Call, key: str | None, patience_s: float
    ) -> Success[Transcript] | Failure[AttemptFailure]:
        exchange = adapter(call)
        try:
            want = next(exchange)
            while True:
                met = await self._meet(want, key, patience_s)
                if isinstance(met, Failure):
                    return met
                want = exchange.send(met.unwrap())
        except StopIteration as end:
            return _ending(end)
        finally:
            exchange.close()

    async def _meet(self, want: Want, key: str | None, patience_s: float) -> _Met:
        match want:
            case HttpRequest():
                return await self._equipment.transport.send(want, self._audio, key)
            case Recognise():
                return await self._equipment.recogniser.recognise(want, self._audio, patience_s)
            case _:
                assert_never(want)


def _patience_s(send: Send) -> float:
    """How long to wait for the recogniser of this machine.

    Until just before the call's time is over: the call should end as one that found it busy, not as one that was late.
    """
    given_s = (send.until_ms - send.at_ms) / 1000
    return max(given_s * 0.9, given_s - 0.1)


def _resolved(text: str | None, environment: Environment) -> Success[str | None] | Failure[AttemptFailure]:
    if text is None:
        return Success(None)
    found = resolve(text, environment)
    if isinstance(found, Success):
        return Success(found.unwrap())
    reason = f"environment variable `{found.failure()}` is not set"
    return Failure(AttemptFailure(kind="unauthorized", reason=reason, sent="no", charged="no"))


def _ending(end: StopIteration) -> Success[Transcript] | Failure[AttemptFailure]:
    """What the adapter returned, if it kept its promise."""
    returned: object = end.value
    inside: object = returned
    if isinstance(returned, Success):
        inside = cast("Success[object]", returned).unwrap()
        if isinstance(inside, Transcript):
            return Success(inside)
    if isinstance(returned, Failure):
        inside = cast("Failure[object]", returned).failure()
        if isinstance(inside, AttemptFailure):
            return Failure(inside)
    message = f"an adapter returns a Transcript or an AttemptFailure, not {type(inside).__name__}"
    raise TypeError(message)
