"""What a form may hold, as data: each field with what its values may be; anything else is refused."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.conformance.requests_seen import Form

__all__ = ("FormRules", "at_most", "number", "one_of", "text")

Good = Callable[[str], bool]


def text(_: str) -> bool:
    """Anything."""
    return True


def at_most(characters: int) -> Good:
    """Text of so many characters."""
    return lambda value: len(value) <= characters


def one_of(*values: str) -> Good:
    """One of these."""
    return lambda value: value in values


def number(least: float, most: float) -> Good:
    """A number between these."""

    def good(value: str) -> bool:
        try:
            return least <= float(value) <= most
        except ValueError:
            return False

    return good


@dataclass(frozen=True)
class FormRules:
    """The fields of one endpoint: those that may stand once, those that may be repeated, those that must be there."""

    once: Mapping[str, Good]
    repeated: Mapping[str, Good] = field(default_factory=dict[str, Good])
    needed: tuple[str, ...] = ()
    extensions: frozenset[str] | None = None

    def problem(self, form: Form) -> tuple[str, str] | None:
        """The first field that breaks a rule and how, or None."""
        for name, value in form.fields:
            good = self.once.get(name) or self.repeated.get(name)
            if good is None:
                return name, f"unknown field: {name}"
            if not good(value):
                return name, f"bad value for {name}: {value}"
            if name in self.once and len(form.values(name)) > 1:
                return name, f"more than one {name}"
        return self._missing(form)

    def _missing(self, form: Form) -> tuple[str, str] | None:
        missing = next((name for name in self.needed if form.value(name) is None), None)
        if missing is not None:
            return missing, f"missing field: {missing}"
        if form.file_field != "file" or not form.audio_bytes:
            return "file", "missing field: file"
        ending = form.filename.rpartition(".")[2].lower() if "." in form.filename else ""
        if self.extensions is not None and ending not in self.extensions:
            return "file", f"file must be one of {sorted(self.extensions)}"
        return None
