"""What an entry of `model_list` depends on beside itself."""

from collections.abc import Mapping

import msgspec

from voxplan.engine.documents import tree
from voxplan.io_shell.litellm.cooling import NOTHING_SAID, Said
from voxplan.io_shell.litellm.remarks import Use
from voxplan.io_shell.litellm.variables import Variables
from voxplan.io_shell.references import Environment, missing_references, resolve

__all__ = ("Surroundings",)


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """The rest of the config, and where it is read.

    `environment` holds what the server's has; None when nobody knows what will be set. `enforced`: LiteLLM holds `rpm` for a
    limit, not only for a weight. `concurrent` and `cooling` hold where an entry says nothing else.
    """

    variables: Variables
    environment: Environment | None = None
    credentials: Mapping[str, tree.Mapping] = {}
    enforced: bool = False
    concurrent: int | None = None
    cooling: Said = NOTHING_SAID

    @property
    def use(self) -> Use:
        """What becomes of the config: only a server has an environment."""
        return "import" if self.environment is None else "serve"

    def resolved(self, text: str) -> str:
        """The text with what it refers to, as far as anybody knows that now."""
        return resolve(text, self._known).value_or(text)

    def missing(self, text: str) -> tuple[str, ...]:
        """The variables that the server lacks; none where there is no server yet."""
        return () if self.environment is None else missing_references(text, self._known)

    @property
    def _known(self) -> Environment:
        return {**self.variables.values, **(self.environment or {})}
