"""What has been observed of every deployment so far. A value: `health.observe` and `admission.admit` return a new one."""

from typing import Literal

import msgspec

from voxplan.engine.failure import FailureKind

__all__ = ("EMPTY_VIEW", "IDLE", "UNSEEN", "Circuit", "DeploymentView", "Latency", "Load", "Tally", "View")

Circuit = Literal["closed", "open", "half_open"]


class Load(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Calls under way, and the starts of calls in the last 60 seconds (kept only under a rate limit)."""

    in_flight: int = 0
    starts_ms: tuple[int, ...] = ()


IDLE = Load()


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Peak EWMA of how long calls take: microseconds for each second of audio, and when it was last brought up to date."""

    us_per_second: int
    at_ms: int


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """First attempts, and retries and hedges (`extra`), that started within ten seconds from `from_ms` on."""

    from_ms: int
    first: int = 0
    extra: int = 0


class DeploymentView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The health and load of one deployment.

    `failures` counts failures in a row while closed; `openings` how often in a row it opened without a success between.
    While `open` it cools until `until_ms`; from then on one probe may run, and while that runs, from `probe_ms` until
    `probe_until_ms` at the latest, it is `half_open`. `cause` is the failure kind that opened it. `latency` is None until a call
    on audio of known length has succeeded.
    """

    circuit: Circuit = "closed"
    failures: int = 0
    openings: int = 0
    until_ms: int = 0
    probe_ms: int = 0
    probe_until_ms: int = 0
    cause: FailureKind | None = None
    load: Load = IDLE
    latency: "Latency | None" = None

    def cooling(self, moment_ms: int) -> bool:
        """Whether the deployment cools off at `moment_ms`, so that no ordinary call may start."""
        return self.circuit == "open" and moment_ms < self.until_ms


UNSEEN = DeploymentView()


class View(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The view of all deployments by name, the load of accounts that share limits, and what counts for the retry budget."""

    deployments: dict[str, DeploymentView] = {}
    accounts: dict[str, Load] = {}
    tallies: tuple[Tally, ...] = ()

    def of(self, deployment: str) -> DeploymentView:
        """The view of one deployment; `UNSEEN` if it never had a call."""
        return self.deployments.get(deployment, UNSEEN)


EMPTY_VIEW = View()
