"""What has been observed of every deployment so far. A value: `health.observe` and `admission.admit` return a new one."""

from typing import Literal

import msgspec

from voxplan.engine.failure import FailureKind

__all__ = ("EMPTY_VIEW", "IDLE", "UNSEEN", "Circuit", "DeploymentView", "Load", "View")

Circuit = Literal["closed", "open", "half_open"]


class Load(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Calls under way, and the starts of calls in the last 60 seconds (kept only under a rate limit)."""

    in_flight: int = 0
    starts_ms: tuple[int, ...] = ()


IDLE = Load()


class DeploymentView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The health and load of one deployment.

    `failures` counts failures in a row while closed; `openings` how often in a row it opened without a success between.
    While `open` it cools until `until_ms`; from then on one probe may run, and while that runs, from `probe_ms` until
    `probe_until_ms` at the latest, it is `half_open`. `cause` is the failure kind that opened it.
    """

    circuit: Circuit = "closed"
    failures: int = 0
    openings: int = 0
    until_ms: int = 0
    probe_ms: int = 0
    probe_until_ms: int = 0
    cause: FailureKind | None = None
    load: Load = IDLE

    def cooling(self, moment_ms: int) -> bool:
        """Whether the deployment cools off at `moment_ms`, so that no ordinary call may start."""
        return self.circuit == "open" and moment_ms < self.until_ms


UNSEEN = DeploymentView()


class View(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The view of all deployments by name, and the load of accounts that share limits."""

    deployments: dict[str, DeploymentView] = {}
    accounts: dict[str, Load] = {}

    def of(self, deployment: str) -> DeploymentView:
        """The view of one deployment; `UNSEEN` if it never had a call."""
        return self.deployments.get(deployment, UNSEEN)


EMPTY_VIEW = View()
