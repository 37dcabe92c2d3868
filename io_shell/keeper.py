"""The keeper of the view: the one place in a process where observations become what planning sees.

`admit` and `observe` of the engine are pure; this applies them. It needs no lock, because nothing here awaits.
"""

from msgspec.structs import replace

from voxplan.engine.observed.admission import admit
from voxplan.engine.observed.health import observe
from voxplan.engine.observed.view import EMPTY_VIEW, View
from voxplan.engine.plans.router import Router
from voxplan.engine.runs.run import Observation, Send

__all__ = ("Keeper", "RunKeeper")


class Keeper:
    """The current view of one router's deployments."""

    def __init__(self, router: Router, view: View = EMPTY_VIEW) -> None:
        """Start from `view`."""
        self._router = router
        self.view = view

    def run(self, audio_ms: int | None) -> "RunKeeper":
        """The keeper for one run, whose audio is `audio_ms` long, None if nobody knows."""
        return RunKeeper(self, audio_ms)

    def admit(self, send: Send, moment_ms: int) -> str | None:
        """Take a slot for `send`; None when granted, else one line that says what stands against it."""
        deployment, budget = self._router.deployments[send.deployment], self._router.spec.retry_budget
        self.view, denied = admit(self.view, deployment.limits, send, moment_ms, deployment.shared_limits, budget)
        return denied

    def observe(self, observation: Observation) -> None:
        """Fold one finished call into the view."""
        self.view = observe(self.view, observation)


class RunKeeper:
    """The keeper as one run sees it. It knows how long the run's audio is, so that latency can be told for each second of it."""

    def __init__(self, keeper: Keeper, audio_ms: int | None) -> None:
        """Made by `Keeper.run`."""
        self._keeper = keeper
        self._audio_ms = audio_ms

    def admit(self, send: Send, moment_ms: int) -> str | None:
        """Take a slot for `send`; None when granted, else one line that says what stands against it."""
        return self._keeper.admit(send, moment_ms)

    def observe(self, observation: Observation) -> None:
        """Fold one finished call into the view."""
        self._keeper.observe(replace(observation, audio_ms=self._audio_ms))
