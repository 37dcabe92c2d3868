"""The keeper of the view: the one place in a process where observations become what planning sees.

`admit` and `observe` of the engine are pure; this applies them. It needs no lock, because nothing here awaits.
"""

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from voxplan.engine.observed.admission import admit
from voxplan.engine.observed.health import observe
from voxplan.engine.observed.load import Full, full_until
from voxplan.engine.observed.view import EMPTY_VIEW, View
from voxplan.engine.plans.router import Router, RouterDeployment
from voxplan.engine.runs.run import Observation, Send
from voxplan.engine.terms.failure import FailureKind

__all__ = ("Keeper", "RunKeeper")

_OF_A_SLOW_SENDER: Final = frozenset[FailureKind]({"timed_out", "not_connected", "overloaded", "server_error", "bad_answer"})
"""What servers do that wait for a body no longer. Keys, models and limits are judged by the head of a request."""


class Keeper:
    """The current view of one router's deployments."""

    def __init__(self, router: Router, view: View = EMPTY_VIEW) -> None:
        """Start from `view`."""
        self._router = router
        self._held = _Held(view)
        self._measures = True

    @property
    def view(self) -> View:
        """What has been observed until now."""
        return self._held.view

    @view.setter
    def view(self, view: View) -> None:
        self._held.view = view

    def heir(self, router: Router, *, measures: bool = True) -> "Keeper":
        """The keeper of a router that takes over: from now on both have one view, so that what is under way still counts.

        A deployment that is another one now, under the same name, begins anew; so does a credential whose key is another one.
        One that does not measure learns nothing about latency.
        """
        heir = Keeper(router)
        heir._held, heir._measures = self._held, measures
        old, new = self._router.deployments, router.deployments
        stays = {name for name in new if name not in old or _who(old[name]) == _who(new[name])}
        keys = {_key(old[name]) for name in old} & {_key(each) for each in new.values()}
        heir.view = replace(
            self.view,
            deployments={name: seen for name, seen in self.view.deployments.items() if name in stays},
            accounts={name: seen for name, seen in self.view.accounts.items() if name in {credential for credential, _ in keys}},
        )
        return heir

    def run(self, audio_ms: int | None, is_there: Callable[[], bool] = lambda: True) -> "RunKeeper":
        """The keeper for one run, whose audio is `audio_ms` long, None if nobody knows; `is_there`: all of it."""
        return RunKeeper(self, audio_ms if self._measures else None, is_there)

    def admit(self, send: Send, moment_ms: int) -> str | None:
        """Take a slot for `send`; None when granted, else one line that says what stands against it."""
        deployment, budget = self._router.deployments[send.deployment], self._router.spec.retry_budget
        self.view, denied = admit(self.view, deployment.limits, send, moment_ms, deployment.shared_limits, budget)
        return denied

    def limit_reached(self, deployment: str, moment_ms: int) -> Full | None:
        """Whether, and how long, the limits of a deployment let no call start."""
        return full_until(self.view, self._router.deployments[deployment], moment_ms)

    def observe(self, observation: Observation) -> None:
        """Fold one finished call into the view."""
        cooling = self._router.deployments[observation.deployment].cooling
        self.view = observe(self.view, observation, cooling)


class _Held:
    """Where the view is kept."""

    def __init__(self, view: View) -> None:
        self.view = view


def _who(deployment: RouterDeployment) -> tuple[str | None, ...]:
    return deployment.provider, deployment.model, deployment.base_url, *_key(deployment)


def _key(deployment: RouterDeployment) -> tuple[str, str | None]:
    return deployment.credential, deployment.api_key


class RunKeeper:
    """The keeper as one run sees it. It knows how long the run's audio is, so that latency can be told for each second of it.

    While the audio still comes in, a call may fail because of whoever sends it: such a failure says nothing.
    """

    def __init__(self, keeper: Keeper, audio_ms: int | None, is_there: Callable[[], bool]) -> None:
        """Made by `Keeper.run`."""
        self._keeper = keeper
        self._audio_ms = audio_ms
        self._is_there = is_there

    def admit(self, send: Send, moment_ms: int) -> str | None:
        """Take a slot for `send`; None when granted, else one line that says what stands against it."""
        return self._keeper.admit(send, moment_ms)

    def observe(self, observation: Observation) -> None:
        """Fold one finished call into the view."""
        says_nothing = observation.kind in _OF_A_SLOW_SENDER and not self._is_there()
        self._keeper.observe(replace(observation, audio_ms=self._audio_ms, lost=observation.lost or says_nothing))
