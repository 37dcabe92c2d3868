"""What a caller can get wrong about the form itself, before any field is looked at. A small closed set."""

from typing import Literal

__all__ = ("FormProblem", "FormProblemCode")

FormProblemCode = Literal[
    "body_too_large",
    "duplicate_file",
    "field_too_large",
    "fields_too_large",
    "file_too_large",
    "invalid_file",
    "invalid_form",
    "invalid_text",
    "no_room",
    "too_many_fields",
    "truncated_form",
    "unexpected_file",
    "unsupported_media_type",
]
"""`no_room` alone is the server's: its disk would not hold the upload."""


class FormProblem(Exception):
    """The form cannot be used: the status to answer with, one line for the caller, and the field it is about, if it is one."""

    def __init__(self, status: int, message: str, param: str | None, code: FormProblemCode) -> None:
        """Blame `param`, or the whole body."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code: FormProblemCode = code
