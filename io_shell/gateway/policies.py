"""What a gateway serves: routes, and what is to be known about them that no spec says."""

from collections.abc import Mapping

import msgspec

from voxplan.engine.language.gateway import Gateway
from voxplan.engine.plans.router import Router

__all__ = ("Policy",)


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A router, and what its callers may call things. `model_names` maps names that no spec could have to those it has.

    `variables` are values for `${NAME}` references that came with the policy, for those that the environment does not have:
    secrets, which no message and no `repr` shows.
    """

    router: Router
    model_names: Mapping[str, str] = {}
    variables: Mapping[str, str] = {}

    @property
    def gateway(self) -> Gateway:
        """What the spec says to its gateway."""
        return self.router.spec.gateway

    def named(self, asked: str) -> str:
        """The route or deployment that is meant. `groq/whisper-large-v3` is no name here, and `groq:whisper-large-v3` is.

        A name that the policy came with counts before every other, and means nothing else.
        """
        known = (self.router.routes, self.router.deployments)
        like = asked.replace("/", ":")
        names = (self.model_names.get(asked, asked), asked, asked if like in self.model_names else like)
        return next((name for name in names if any(name in each for each in known)), asked)

    def __repr__(self) -> str:
        """Without what is secret."""
        return f"Policy(routes={sorted(self.router.routes)!r}, …)"
