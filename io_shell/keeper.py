"""The keeper of the view: the one place in a process where observations become what planning sees.

`admit` and `observe` of the engine are pure; this applies them. It needs no lock, because nothing here awaits.
"""

from voxplan.engine.admission import admit
from voxplan.engine.health import observe
from voxplan.engine.router import Router
from voxplan.engine.run import Observation, Send
from voxplan.engine.view import EMPTY_VIEW, View

__all__ = ("Keeper",)


class Keeper:
    """The current view of one router's deployments."""

    def __init__(self, router: Router, view: View = EMPTY_VIEW) -> None:
        """Start from `view`."""
        self._router = router
        self.view = view

    def admit(self, send: Send, moment_ms: int) -> str | None:
        """Take a slot for `send`; None when granted, else one line that says what is full."""
        deployment = self._router.deployments[send.deployment]
        self.view, denied = admit(self.view, deployment.limits, send, moment_ms, deployment.shared_limits)
        return denied

    def observe(self, observation: Observation) -> None:
        """Fold one finished call into the view."""
        self.view = observe(self.view, observation)
