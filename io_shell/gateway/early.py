"""The first call while the upload still runs: for requests whose plan needs nothing of the audio that is not yet known.

The fields came before the file, its size can be foretold, and its head tells what it is: then the run starts, and reads the audio
as it comes. What it answers is kept until the form has ended as foretold. Where it ends otherwise, or the client is slow, the run
is cancelled and the request is served in the ordinary way, as if nothing had been: no body was complete upstream, because the
last byte is held back until then, so nothing was charged, and a cancelled call says nothing about its deployment's health. So it
is when the run has failed before the form has ended: that may have been the client's slowness.

Nobody else is to notice a slow client. A run may only use up a small part of its calls' time while the upload runs, its calls
tell nothing about latency, and those that fail meanwhile little about health. Where a call holds what others wait for (a place
within limits, the probe of a deployment that has cooled off) nothing starts early, nor do routes that go by the clock (a race, an
order by latency).
"""

import math
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import anyio
from msgspec.structs import replace
from starlette.types import Receive

from voxplan.engine.observed.load import NO_LIMITS
from voxplan.engine.plans.audio_needs import AudioFact, audio_needs, watches_the_clock
from voxplan.engine.plans.plan import Attempt, Node, Plan, attempts, children
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.request import AudioFacts, Request
from voxplan.io_shell.audio.probe import probe, tells_more
from voxplan.io_shell.audio.problem import AudioProblem
from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.client import Vox
from voxplan.io_shell.errors import VoxplanError
from voxplan.io_shell.gateway.connection import while_connected
from voxplan.io_shell.gateway.destinations import URL_FIELD
from voxplan.io_shell.gateway.envelopes import Refused
from voxplan.io_shell.gateway.fields import Asked
from voxplan.io_shell.gateway.forms import Begun, Form, FormReader
from voxplan.io_shell.gateway.turns import Turn
from voxplan.io_shell.gateway.values import FieldProblem
from voxplan.io_shell.grouping import task_group
from voxplan.io_shell.options import TranscribeOptions
from voxplan.io_shell.requesting import asked_request

__all__ = ("Asking", "Early", "Serve", "early_start", "serve_early")

Asking = Callable[[Turn, Sequence[tuple[str, str]]], Asked]
Serve = Callable[[AudioSource, Asked, Callable[[], Awaitable[None]]], Awaitable[None]]
"""Answers a request; before it sends anything it waits for what the last argument returns."""

_LEAST_BYTES: Final = 1 << 16  # what is smaller is there before anything could be gained
# The default timeout grows with the length of the audio. Where that is not known yet, the calls have ten minutes: enough for what
# fits into so many bytes, at any bit rate in use for speech.
_MOST_UNMEASURED_BYTES: Final = 32 << 20
_LEARNT: Final = frozenset[AudioFact]({"audio.seconds", "audio.channels"})  # what more of the audio may tell

# Servers give up a request whose body pauses (nginx after 60 s, others sooner), and that would look like the provider's failure.
_PAUSE_S: Final = 5.0
_LONGEST_S: Final = 60.0
_SHARE: Final = 20  # of the time of a call, one part may pass while the upload runs
_OURS: Final = "local"


class Early:
    """A run that has started before its upload has ended."""

    def __init__(self, begun: Begun, asked: Asked, patience_s: float) -> None:
        """Made by `early_start`; the upload has `patience_s` from now on."""
        self.done: Final = anyio.Event()
        self.problem: Exception | None = None
        self.answered = False
        self._begun = begun
        self._asked = asked
        self._scope = anyio.CancelScope()
        self._until = anyio.current_time() + patience_s
        self._confirmed = anyio.Event()

    @property
    def is_confirmed(self) -> bool:
        """Whether the form has ended as foretold."""
        return self._confirmed.is_set()

    async def run(self, serve: Serve) -> None:
        """Serve the request, and keep what is raised once the form has ended as foretold: what is raised before is not final."""
        try:
            with self._scope:
                await serve(self._begun.audio, self._asked, self._confirmed.wait)
                self.answered = True
        except Exception as problem:  # noqa: BLE001 - it is raised where the form ends
            self.problem = problem if self.is_confirmed else None
        finally:
            self.done.set()

    def came(self) -> None:
        """Something of the upload has come: wait for more."""
        self._scope.deadline = min(self._until, anyio.current_time() + _PAUSE_S)

    def settle(self, form: Form) -> None:
        """The form has ended: let the run go on if it is what was foretold, else stop it."""
        size = None if form.upload is None else form.upload.size
        if self._scope.cancel_called or (form.fields, size) != (self._begun.fields, self._begun.audio.size):
            self.stop()
        else:
            self._scope.deadline = math.inf
            self._begun.store.complete()
            self._confirmed.set()

    def stop(self) -> None:
        """Cancel the run and its calls."""
        self._scope.cancel()


async def early_start(turn: Turn, begun: Begun, asking: Asking) -> Early | None:
    """The run that may start now; None where it may not, or where something is at fault, which is told at the end of the form."""
    if begun.audio.size < _LEAST_BYTES or any(name == URL_FIELD for name, _ in begun.fields):
        return None
    vox = turn.opened.vox
    try:
        asked = asking(turn, begun.fields)
        facts = await probe(begun.audio)
        request = replace(asked_request(vox.router, asked.options, stream=asked.stream), audio=facts)
        seed = secrets.randbits(63)
        plan = vox.plan(request, seed=seed)
    except (AudioProblem, FieldProblem, Refused, VoxplanError):
        return None
    if (
        _may_learn(vox.router, request, facts)
        or watches_the_clock(vox.router, request)
        or not _may_be_cut_short(vox.router, plan)
        or not _holds_up_nobody(vox, plan)
    ):
        return None
    seeded: TranscribeOptions = {**asked.options, "seed": seed}
    return Early(begun, replace(asked, options=seeded), _patience_s(plan.root))


async def serve_early(early: Early, reader: FormReader, receive: Receive, serve: Serve) -> Form | None:
    """Serve while the form is read to its end; the form where the request is still to be served in the ordinary way.

    Raises what is wrong with the form, and what the run raised when the form is what was foretold.
    """
    async with task_group() as tasks:
        # Before the run has its first turn: where all of the form is there already, it is settled by then.
        early.came()
        tasks.start_soon(early.run, serve)
        try:
            form = await reader.rest(early.came)
            early.settle(form)
            await while_connected(receive, early.done.wait)
        except Exception:
            early.stop()
            raise
    if early.problem is not None:
        raise early.problem
    return None if early.answered else form


def _may_learn(router: Router, request: Request, facts: AudioFacts) -> bool:
    """Whether more of the audio may tell something on which the plan depends."""
    if not tells_more(facts):
        return False
    return bool(audio_needs(router, request) & _LEARNT) or (facts.bytes or 0) > _MOST_UNMEASURED_BYTES


def _may_be_cut_short(router: Router, plan: Plan) -> bool:
    """Whether the audio may be sent again after a call that was given up.

    The recogniser of this machine gains nothing from an early start, and would be kept from others meanwhile.
    """
    found = [*attempts(plan.root)]
    ours = any(router.deployments[attempt.deployment].provider == _OURS for attempt in found)
    return not ours and all(attempt.replay == "always" for attempt in found)


def _holds_up_nobody(vox: Vox, plan: Plan) -> bool:
    """Whether no call of the plan takes a place that others may want meanwhile."""
    view = vox.view
    for name in {attempt.deployment for attempt in attempts(plan.root)}:
        deployment = vox.router.deployments[name]
        if not deployment.limits == deployment.shared_limits == NO_LIMITS or view.of(name).circuit != "closed":
            return False
    return True


def _patience_s(root: Node) -> float:
    """How long the upload may take while the run is under way."""
    return min(_LONGEST_S, _shortest_ms(root) / 1000 / _SHARE)


def _shortest_ms(node: Node) -> float:
    """The least of all times within the tree."""
    own = math.inf if node.deadline_ms is None else node.deadline_ms
    timeout = node.timeout_ms if isinstance(node, Attempt) else math.inf
    return min(own, timeout, *map(_shortest_ms, children(node)))
