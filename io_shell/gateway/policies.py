"""What a gateway serves: routes, and what is to be known about them that no spec says."""

from collections.abc import Mapping

import msgspec

from voxplan.engine.language.gateway import Gateway
from voxplan.engine.plans.router import Router
from voxplan.io_shell.gateway.callers import Caller

__all__ = ("Policy",)


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A router, and what its callers may call things.

    `model_names` maps every name of the config that the router was made from to its route; there are none where it was made
    from a spec, whose routes are called as they are.

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

        A name that the policy came with counts before every other, and is not read as another with `:` for `/`.
        """
        known = (self.router.routes, self.router.deployments)
        like = asked.replace("/", ":")
        names = (self.model_names.get(asked, asked), asked, asked if like in self.model_names else like)
        return next((name for name in names if any(name in each for each in known)), asked)

    def names(self, caller: Caller) -> dict[str, tuple[str, ...]]:
        """The routes that the caller may name, each with what callers call it.

        Where the policy came with names, a route that none of them means is one that its config hides.
        """
        told: dict[str, tuple[str, ...]] = {}
        for name, route in self.model_names.items():
            told[route] = (*told.get(route, ()), name)
        known = told if self.model_names else {name: (name,) for name in self.router.routes}
        return {route: known[route] for route in self.router.routes if route in known and caller.may_name(route)}

    def __repr__(self) -> str:
        """Without what is secret."""
        return f"Policy(routes={sorted(self.router.routes)!r}, …)"
