"""Exceptions by blame, each with the hint its receiver needs.

    VoxplanError
    ├── SpecError        the policy author: a routing spec with mistakes, all of them, each with its place
    ├── RequestError     the caller: a file that is not audio, a route that does not exist, an option out of range
    ├── ProviderError    upstream: every attempt failed, none could start, or a guardrail said no; carries the trail
    │   └── AdapterBug   us: the run failed in voxplan's own adapter
    └── MissingExtra     the installation: a part that is not installed, with the command that installs it

Messages are lower-case lines without a final period, and never hold a secret.
"""

from typing import TYPE_CHECKING, Final, Literal

from voxplan.engine.terms.failure import FailureKind

if TYPE_CHECKING:
    from voxplan.engine.plans.plan import Plan
    from voxplan.engine.runs.run import Skipped, TrailEntry

__all__ = (
    "EXIT_CODES",
    "HTTP_STATUS",
    "AdapterBug",
    "MissingExtra",
    "ProviderError",
    "RequestCode",
    "RequestError",
    "SpecError",
    "VoxplanError",
    "exit_code",
)


RequestCode = Literal[
    "which_route",
    "unknown_route",
    "unknown_fallback",
    "unknown_simulation",
    "not_allowed",
    "too_many_attempts",
    "too_large",
    "incapable",
    "closed",
]


class VoxplanError(Exception):
    """Anything voxplan raises on purpose."""


class SpecError(VoxplanError):
    """The routing spec has mistakes. `problems` holds one located line for each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        """All problems at once; the message is their lines."""
        super().__init__("\n".join(problems))
        self.problems = problems


class RequestError(VoxplanError):
    """The caller asked for something that no deployment could do.

    `code` says to programs what it is, where it is not a value. `about` is the one option that all of them are `incapable` of.
    """

    def __init__(self, message: str, *, code: RequestCode | None = None, about: str | None = None) -> None:
        """See the class."""
        super().__init__(message)
        self.code: RequestCode | None = code
        self.about = about


class MissingExtra(VoxplanError):
    """A part of voxplan that is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        """`what` needs the extra `extra`."""
        super().__init__(f"{what} needs the extra `{extra}`: pip install 'voxplan[{extra}]'")


class ProviderError(VoxplanError):
    """No attempt gave an answer.

    `kind` is the run's failure kind, None when no attempt could start. `attempts` is the trail of all calls in order, `skipped`
    the attempts that did not start, `plan` what was planned (None when there was no plan), `retry_after_ms` when waiting helps.
    `limited`: none could start, because limits of the spec were reached.
    `guardrail` is the one that did not approve, where the kind is `blocked`, and `guardrail_broke` whether it could not judge.
    With `seed` and `moment_ms` the plan follows again from the same spec, request and view.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each thing there is to say
        self,
        message: str,
        *,
        kind: FailureKind | None = None,
        attempts: "tuple[TrailEntry, ...]" = (),
        skipped: "tuple[Skipped, ...]" = (),
        plan: "Plan | None" = None,
        retry_after_ms: int | None = None,
        guardrail: str | None = None,
        guardrail_broke: bool = False,
        limited: bool = False,
        seed: int | None = None,
        moment_ms: int | None = None,
    ) -> None:
        """See the class."""
        super().__init__(message)
        self.kind: FailureKind | None = kind
        self.attempts = attempts
        self.skipped = skipped
        self.plan = plan
        self.retry_after_ms = retry_after_ms
        self.guardrail = guardrail
        self.guardrail_broke = guardrail_broke
        self.limited = limited
        self.seed = seed
        self.moment_ms = moment_ms


class AdapterBug(ProviderError):
    """The run failed through a fault of voxplan's own adapter; please report it."""


EXIT_CODES: Final[dict[type[VoxplanError], int]] = {
    SpecError: 3,
    RequestError: 4,
    ProviderError: 5,
    MissingExtra: 6,
    AdapterBug: 70,
}
"""Exit codes by blame. 0 is success; 1 one of several files or policy tests failed, or two specs differ; 2 a wrong command
line; 130 interrupted."""


HTTP_STATUS: Final[dict[FailureKind, int]] = {
    "cancelled": 499,
    "blocked": 400,
    "content_filtered": 400,
    "invalid_request": 400,
    "rate_limited": 429,
    "overloaded": 503,
    "timed_out": 504,
    "server_error": 502,
    "not_connected": 502,
    "bad_answer": 502,
    "poor_quality": 502,
    "too_large": 413,
    "unsupported": 400,
    "out_of_quota": 503,
    "not_found": 502,
    "unauthorized": 502,
    "adapter_bug": 500,
}
"""The status with which a gateway answers for a run that failed in this kind. Upstream's 401 or 404 is not the caller's fault."""


def exit_code(error: VoxplanError) -> int:
    """The exit code of the command line for `error`: that of its nearest class in the table."""
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)
