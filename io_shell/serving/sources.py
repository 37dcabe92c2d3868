"""Where a policy comes from: a spec, or a config of LiteLLM's, in a file that is read again when it changes."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from returns.result import Failure

from voxplan.io_shell.gateway.policies import Policy
from voxplan.io_shell.loading import Located, examine_content
from voxplan.io_shell.references import resolve
from voxplan.io_shell.serving.unset import unset

__all__ = ("ConfigSource", "Read", "Source", "SpecSource")


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What is in a file: a policy, or None with errors; what is to be said of it; the master key, if it has one."""

    policy: Policy | None
    findings: tuple[Located, ...]
    master_key: str | None = None

    @property
    def errors(self) -> tuple[Located, ...]:
        """Why there is no policy."""
        return tuple(each for each in self.findings if each.severity == "error")

    def __repr__(self) -> str:
        """Without what is secret."""
        return f"Read(policy={self.policy!r}, findings={self.findings!r}, …)"


class Source(ABC):
    """A file, and how it is understood."""

    def __init__(self, path: Path, environment: Mapping[str, str]) -> None:
        """`environment` holds what the file refers to."""
        self.path: Final = path
        self._environment = environment

    @abstractmethod
    def understood(self, content: bytes) -> Read:
        """What it says."""


class SpecSource(Source):
    """A routing spec; the suffix says its format."""

    def understood(self, content: bytes) -> Read:
        """What it says."""
        examined = examine_content(content, self.path)
        if examined.router is None:
            return Read(policy=None, findings=examined.findings)
        missing = (
            Located(severity="warning", file=str(self.path), message=line) for line in unset(examined.router, self._environment)
        )
        return Read(policy=Policy(router=examined.router), findings=(*examined.findings, *missing))


class ConfigSource(Source):
    """A config of LiteLLM's. The environment goes before the config's own `environment_variables`."""

    def __init__(self, path: Path, environment: Mapping[str, str], *, needs_key: bool = True) -> None:
        """`needs_key`: no other master key goes before that of the config, so that one has to be there if it is named."""
        super().__init__(path, environment)
        self._needs_key = needs_key

    def understood(self, content: bytes) -> Read:
        """What it says."""
        from voxplan.io_shell.litellm.importing import imported  # noqa: PLC0415 - only who has such a config waits for it

        made = imported(content, str(self.path), self._environment, including=True)
        if made.spec_text is None:
            return Read(policy=None, findings=made.findings)
        examined = examine_content(made.spec_text.encode(), self.path.with_suffix(".yaml"))
        settings = made.settings
        if examined.router is None:  # `imported` has checked it; places in its text would say nothing to the config's author
            found = tuple(Located(severity="error", file=str(self.path), message=each.message) for each in examined.errors)
            return Read(policy=None, findings=(*made.findings, *found))
        policy = Policy(router=examined.router, model_names=settings.model_names, variables=settings.variables)
        if settings.master_key is None or not self._needs_key:
            return Read(policy=policy, findings=made.findings)
        key = resolve(settings.master_key, {**settings.variables, **self._environment})
        if isinstance(key, Failure):
            message = f"`master_key` needs the environment variable `{key.failure()}`, which is not set"
            return Read(policy=None, findings=(*made.findings, made.error(settings.master_key_at, message)))
        return Read(policy=policy, findings=made.findings, master_key=key.unwrap())
