"""What a scripted server saw of one request: the form taken apart by a parser that is not ours."""

import hashlib
import json
from dataclasses import dataclass
from io import BytesIO
from urllib.parse import parse_qsl, urlsplit

from python_multipart import parse_form
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File

__all__ = ("Form", "Seen", "form_of")


@dataclass(frozen=True)
class Form:
    """A multipart form: text fields in order, and the one file."""

    fields: tuple[tuple[str, str], ...]
    order: tuple[str, ...]
    file_field: str | None
    filename: str
    audio_bytes: int
    audio_sha256: str

    def value(self, name: str) -> str | None:
        """The first value of field `name`, or None."""
        return next((value for key, value in self.fields if key == name), None)

    def values(self, name: str) -> tuple[str, ...]:
        """All values of field `name`."""
        return tuple(value for key, value in self.fields if key == name)


@dataclass(frozen=True)
class Seen:
    """One request; header names are lower-case. `form` is None where the body is no form."""

    method: str
    target: str
    headers: dict[str, str]
    body_bytes: int
    form: Form | None
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """The pairs of the query, in order."""
        return tuple(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def json(self) -> object:
        """The body as JSON; None where it is none."""
        try:
            read: object = json.loads(self.body)
        except ValueError:
            return None
        return read


def form_of(content_type: str, body: bytes) -> Form | None:
    """The form in a body, or None when it is none or breaks the rules."""
    if not content_type.startswith("multipart/form-data"):
        return None
    fields: list[tuple[str, str]] = []
    order: list[str] = []
    files: list[tuple[str, str, bytes]] = []

    def on_field(field: Field) -> None:
        name, value = (field.field_name or b"").decode(), (field.value or b"").decode()
        fields.append((name, value))
        order.append(name)

    def on_file(file: File) -> None:
        name, filename = (file.field_name or b"").decode(), (file.file_name or b"").decode()
        file.file_object.seek(0)
        files.append((name, filename, file.file_object.read()))
        order.append(name)
        file.close()

    headers = {"Content-Type": content_type.encode()}
    try:
        parse_form(headers, BytesIO(body), on_field, on_file)
    except (FormParserError, ValueError):
        return None
    file_field, filename, audio = files[0] if len(files) == 1 else (None, "", b"")
    return Form(tuple(fields), tuple(order), file_field, filename, len(audio), hashlib.sha256(audio).hexdigest())
