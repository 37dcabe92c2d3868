"""A mapping of the language as a struct: what all tables of a spec have in common."""

import msgspec

__all__ = ("Table",)


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A mapping in a spec: unknown keys are errors, keys left out are not printed."""
