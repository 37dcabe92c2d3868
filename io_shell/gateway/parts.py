"""The parts of one multipart body as a push parser finds them: text into fields, the one file into a spool.

Nothing waits and nothing is written to disk here; the first offence against the format or a limit is raised as a FormProblem at
the byte where it stands, so however the body was cut into pieces, the same body gives the same parts or the same problem.
"""

import logging
import re
from typing import Final, NamedTuple
from urllib.parse import unquote

from msgspec import Struct
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from typing_extensions import override

from voxplan.io_shell.audio.problem import shown
from voxplan.io_shell.gateway.form_problem import FormProblem
from voxplan.io_shell.gateway.spooling import Spool

__all__ = ("FILE_FIELD", "FileHeaders", "FormLimits", "Parts")

FILE_FIELD: Final = "file"

_IDENTITY: Final = frozenset({b"", b"7bit", b"8bit", b"binary"})
_MEDIA: Final = (b"audio/", b"video/", b"application/octet-stream", b"application/ogg")
# UTF-8 is what RFC 7578 §5.1.2 asks for; the others are what Java's clients write unless they are told.
_CHARSETS: Final = {b"": "utf-8", b"utf-8": "utf-8", b"utf8": "utf-8", b"us-ascii": "utf-8", b"iso-8859-1": "latin-1"}
# RFC 5987, which RFC 7578 §4.2 forbids and old clients send for names outside ASCII.
_EXTENDED: Final = re.compile(rb";\s*filename\*\s*=\s*utf-8'[^']*'([^\s;\"]+)\s*(?:;|$)", re.IGNORECASE)
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class _Silent(logging.Logger):
    """A logger that says nothing, whatever the process configures: it is no part of the tree that it configures."""

    @override
    def isEnabledFor(self, level: int) -> bool:
        """Never."""
        del level
        return False


# The parser warns about each malformed body, which anybody can send: whoever sent it is told instead.
_SILENT: Final = _Silent("silent")


class FormLimits(Struct, frozen=True, kw_only=True):
    """What one form may hold, and how much of its file stays in memory. All in bytes but `fields`.

    `overhead_bytes` is what may stand around the values: boundaries, headers, anything before the first or after the last part.
    """

    file_bytes: int = 1 << 30
    memory_bytes: int = 1 << 18
    field_bytes: int = 1 << 20
    all_fields_bytes: int = 4 << 20
    fields: int = 256
    overhead_bytes: int = 1 << 20


class FileHeaders(NamedTuple):
    """What the client says about its file: the name as it was sent, and the media type, empty where there is none."""

    filename: str
    content_type: str


class Parts:
    """Give it the body by `feed`; `fields`, `file` and the spool hold what was found so far, `ended` says whether all was."""

    def __init__(self, boundary: bytes, limits: FormLimits, spool: Spool) -> None:
        """No part yet."""
        self.fields: list[tuple[str, str]] = []
        self.file: FileHeaders | None = None
        self.file_begins_at: int | None = None  # the place of its first byte in the body, where it can be told
        self.ended = False
        self._limits = limits
        self._spool = spool
        self._seen_bytes = 0
        self._piece, self._piece_at = b"", 0  # what is being parsed, and its place in the body
        self._text_bytes = 0  # of all fields, the one that is being read included
        self._text_name: str | None = None  # of the field that is being read
        self._text = bytearray()
        self._charset = "utf-8"
        self._begun = self._in_headers = self._any = False
        self._headers: dict[bytes, bytes] = {}
        self._header_name, self._header_value = bytearray(), bytearray()
        self._parser = self._new_parser(boundary)

    def _new_parser(self, boundary: bytes) -> MultipartParser:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._on_part_begin,
                "on_header_field": self._on_header_field,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers_finished,
                "on_part_data": self._on_part_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
        )
        parser.logger = _SILENT
        return parser

    def feed(self, data: bytes) -> None:
        """The next bytes of the body."""
        self._seen_bytes += len(data)
        if not self._begun:
            # The parser skips more than empty lines here, but only as far as one piece goes.
            data = data.lstrip(b"\r\n")
            self._begun = bool(data)
        self._piece, self._piece_at = data, self._seen_bytes - len(data)
        try:
            self._parser.write(data)
        except FormParserError:
            raise self._malformed() from None
        if self._seen_bytes - self._text_bytes - self._spool.size > self._limits.overhead_bytes:
            most = self._limits.overhead_bytes
            raise FormProblem(
                413, f"the body holds more than {most} bytes around its fields and its file", None, "body_too_large"
            )

    def _malformed(self) -> FormProblem:
        if not self._any:
            why = "does not begin with the boundary that its content type names"
        elif self._in_headers:
            why = "has a part whose headers are malformed, too many or too long"
        else:
            why = "goes on after a boundary with something else than a part"
        return FormProblem(400, f"the multipart body {why}", None, "invalid_form")

    def _on_part_begin(self) -> None:
        self._any = self._in_headers = True
        self._headers = {}

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        name, value = bytes(self._header_name).lower(), bytes(self._header_value).strip(b" \t")
        self._header_name, self._header_value = bytearray(), bytearray()
        if name in self._headers or _CONTROLS.search(value):
            raise self._malformed()
        self._headers[name] = value

    def _on_headers_finished(self) -> None:
        self._in_headers = False
        disposition, options = parse_options_header(self._headers.get(b"content-disposition"))
        if disposition != b"form-data" or not options.get(b"name"):
            raise FormProblem(400, "a part of the multipart body does not say its field's name", None, "invalid_form")
        try:
            name = options[b"name"].decode()
        except UnicodeDecodeError:
            raise FormProblem(400, "the name of a field is not UTF-8", None, "invalid_form") from None
        if self._headers.get(b"content-transfer-encoding", b"").lower() not in _IDENTITY:
            raise FormProblem(400, f"{shown(name)} has a transfer encoding: expected its bytes as they are", name, "invalid_form")
        filename = self._filename(options)
        if filename is not None or (name == FILE_FIELD and self._headers.get(b"content-type", b"").lower().startswith(_MEDIA)):
            self._begin_file(name, filename or "")
        else:
            self._begin_text(name)

    def _filename(self, options: dict[bytes, bytes]) -> str | None:
        """The name as it was sent, None for a part without one. A name in another charset is no reason to refuse its audio."""
        if b"filename" in options:
            return options[b"filename"].decode(errors="replace")
        extended = _EXTENDED.search(self._headers[b"content-disposition"])
        return unquote(extended[1].decode("latin-1")) if extended else None

    def _begin_file(self, name: str, filename: str) -> None:
        if name != FILE_FIELD:
            message = f"{shown(name)} is sent as a file: only `{FILE_FIELD}` may be one, fields are text"
            raise FormProblem(400, message, name, "unexpected_file")
        if self.file is not None:
            raise FormProblem(400, f"`{FILE_FIELD}` is there twice: one request takes one file", name, "duplicate_file")
        self.file = FileHeaders(filename, self._headers.get(b"content-type", b"").decode("latin-1"))

    def _begin_text(self, name: str) -> None:
        if name == FILE_FIELD:
            message = f"`{FILE_FIELD}` is text: expected the audio as an upload with a filename (`curl -F file=@talk.wav`)"
            raise FormProblem(400, message, name, "invalid_file")
        if len(self.fields) >= self._limits.fields:
            raise FormProblem(400, f"the form has more than {self._limits.fields} fields", None, "too_many_fields")
        charset = parse_options_header(self._headers.get(b"content-type"))[1].get(b"charset", b"").lower()
        if charset not in _CHARSETS:
            raise FormProblem(400, f"{shown(name)} is in a charset that is not read: expected UTF-8", name, "invalid_text")
        self._text_name, self._charset = name, _CHARSETS[charset]

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._text_name is None:
            if not self._spool.size and data is self._piece:
                self.file_begins_at = self._piece_at + start
            self._take_audio(memoryview(data)[start:end])
        else:
            self._take_text(self._text_name, memoryview(data)[start:end])

    def _take_audio(self, data: memoryview) -> None:
        most = self._limits.file_bytes
        if self._spool.size + len(data) > most:
            raise FormProblem(413, f"`{FILE_FIELD}` has more than the {most} bytes that are taken", FILE_FIELD, "file_too_large")
        self._spool.append(data)

    def _take_text(self, name: str, data: memoryview) -> None:
        most = self._limits.field_bytes
        if len(self._text) + len(data) > most:
            message = f"{shown(name)} has more than the {most} bytes that a field may have"
            raise FormProblem(413, message, name, "field_too_large")
        most = self._limits.all_fields_bytes
        if self._text_bytes + len(data) > most:
            raise FormProblem(413, f"the fields have more than {most} bytes together", None, "fields_too_large")
        self._text += data
        self._text_bytes += len(data)

    def _on_part_end(self) -> None:
        if self._text_name is not None:
            name, self._text_name = self._text_name, None
            text, self._text = self._text, bytearray()
            try:
                self.fields.append((name, text.decode(self._charset)))
            except UnicodeDecodeError:
                raise FormProblem(400, f"{shown(name)} is not UTF-8", name, "invalid_text") from None

    def _on_end(self) -> None:
        self.ended = True
