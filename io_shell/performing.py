"""Carrying out one call: drive the deployment's adapter, and give it what it wants.

The adapter says what to send; this fills in key, address and settings, and hands over what came. Nothing here retries, and
nothing here decides: the first want that cannot be met ends the call in its failure. Every call is given the options of the
request, with the prompt as the input guardrails left it, save what the plan lets its deployment do without (law F7).
"""

from collections.abc import Iterator, Mapping
from typing import cast

import msgspec
from msgspec.structs import replace
from returns.result import Failure, Success

from voxplan.adapters.degrading import completed, reduced
from voxplan.adapters.registry import ADAPTERS
from voxplan.adapters.wire import Adapter, Call
from voxplan.adapters.wire import Tell as Text
from voxplan.engine.plans.router import Router, RouterDeployment
from voxplan.engine.runs.run import Send
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.request import Options, Request
from voxplan.engine.terms.transcript import Transcript
from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.meeting import Meeting, Tools
from voxplan.io_shell.references import Environment, missing_references, resolve
from voxplan.io_shell.relaying import Relay
from voxplan.io_shell.running import Tell

__all__ = ("Equipment", "Performance")


class Equipment(msgspec.Struct, frozen=True, kw_only=True):
    """What calls are made with, shared by all runs of one opened spec."""

    tools: Tools
    environment: Environment
    adapters: Mapping[str, Adapter] = msgspec.field(default_factory=lambda: ADAPTERS)


class Performance:
    """The calls of one run: one request, one audio, whatever deployments the plan names."""

    def __init__(
        self, router: Router, request: Request, audio: AudioSource, equipment: Equipment, relay: Relay | None = None
    ) -> None:
        """Nothing is sent yet. Text that comes before the end of a call goes to `relay`."""
        self._router = router
        self._request = request
        self._audio = audio
        self._equipment = equipment
        self._relay = relay

    async def __call__(self, send: Send, tell: Tell) -> Success[Transcript] | Failure[AttemptFailure]:
        """Carry out one call; `tell` that text comes before its end."""
        deployment = self._router.deployments[send.deployment]
        key = self._resolved(deployment.api_key)
        call = self._call(send, deployment, has_key=deployment.api_key is not None)
        if isinstance(key, Failure):
            return key
        if isinstance(call, Failure):
            return call

        def telling(text: Text) -> None:
            if self._relay is not None:
                self._relay.tell(send.attempt, text)
            tell()

        tools, adapter = self._equipment.tools, self._equipment.adapters[deployment.provider]
        async with Meeting(tools, deployment, self._audio, key.unwrap(), telling, _patience_s(send)) as meeting:
            ended = await _drive(adapter, call.unwrap(), meeting)
            if isinstance(ended, Failure):
                meeting.ended(ended.failure())
        return Success(completed(ended.unwrap(), self._request.options, send.degrades)) if isinstance(ended, Success) else ended

    def _call(self, send: Send, deployment: RouterDeployment, *, has_key: bool) -> Success[Call] | Failure[AttemptFailure]:
        base_url = self._resolved(deployment.base_url)
        if isinstance(base_url, Failure):
            return base_url
        settings: list[tuple[str, str]] = []
        for name, written in self._settings(deployment):
            said = self._resolved(written)
            if isinstance(said, Failure):
                return said
            settings.append((name, said.unwrap() or ""))
        call = Call(
            provider=deployment.provider,
            model=deployment.model,
            options=self._options(send, deployment),
            audio=self._request.audio,
            filename=self._audio.filename,
            size=self._audio.size,
            base_url=base_url.unwrap(),
            has_key=has_key,
            settings=tuple(settings),
            extra=deployment.options,
        )
        return Success(call)

    def _settings(self, deployment: RouterDeployment) -> Iterator[tuple[str, str]]:
        """Those that an adapter may see: no secrets, and no default whose variable is not set."""
        known = {setting.name: setting for setting in self._router.facts[deployment.provider].settings}
        for name, written in deployment.settings:
            defaulted = written == known[name].default
            if not known[name].secret and not (defaulted and missing_references(written, self._equipment.environment)):
                yield name, written

    def _options(self, send: Send, deployment: RouterDeployment) -> Options:
        options = self._request.options
        approved = options if send.prompt is None else replace(options, prompt=send.prompt)
        return reduced(approved, send.degrades, deployment.capabilities)

    def _resolved(self, text: str | None) -> Success[str | None] | Failure[AttemptFailure]:
        if text is None:
            return Success(None)
        found = resolve(text, self._equipment.environment)
        if isinstance(found, Success):
            return Success(found.unwrap())
        reason = f"environment variable `{found.failure()}` is not set"
        return Failure(AttemptFailure(kind="unauthorized", reason=reason, sent="no", charged="no"))


async def _drive(adapter: Adapter, call: Call, meeting: Meeting) -> Success[Transcript] | Failure[AttemptFailure]:
    exchange = adapter(call)
    try:
        want = next(exchange)
        while True:
            met = await meeting.meet(want)
            if isinstance(met, Failure):
                return met
            want = exchange.send(met.unwrap())
    except StopIteration as end:
        return _ending(end)
    finally:
        exchange.close()


def _patience_s(send: Send) -> float:
    """How long to wait for the recogniser of this machine.

    Until just before the call's time is over: the call should end as one that found it busy, not as one that was late.
    """
    given_s = (send.until_ms - send.at_ms) / 1000
    return max(given_s * 0.9, given_s - 0.1)


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
