"""Which container a file is in, by its first bytes, and which file extensions fit.

Names are not believed: a container is recognised by magic bytes alone, and so is what is plainly not audio. Bytes that match
nothing are unknown, which is no error: a provider may know them. Media types go by extension, in `media`. Pure lookups.
"""

import struct
from collections.abc import Mapping
from typing import Final, NamedTuple

__all__ = ("EXTENSIONS", "HEAD_BYTES", "container_of", "fitting_filename", "foreign_kind")

HEAD_BYTES: Final = 4096
"""How much of the beginning of a file these lookups want to see."""


# The extensions each container goes by, the usual one first; OpenAI and its peers judge a file by them.
EXTENSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "wav": ("wav", "wave"),
    "flac": ("flac",),
    "ogg": ("ogg", "oga", "opus", "spx"),
    "mp3": ("mp3", "mpga", "mpeg", "mp2"),
    "m4a": ("m4a", "m4b", "mp4"),
    "mp4": ("mp4", "m4v", "mov", "3gp", "m4a"),
    "webm": ("webm",),
    "mkv": ("mkv", "mka"),
    "aac": ("aac",),
    "amr": ("amr",),
    "aiff": ("aiff", "aif", "aifc"),
    "caf": ("caf",),
    "wma": ("wma", "asf"),
    "au": ("au", "snd"),
    "avi": ("avi",),
    "mpeg": ("mpeg", "mpg"),
}


class _Magic(NamedTuple):
    """`value` at `offset`, and, for the families, `then` at `then_offset`."""

    value: bytes
    name: str
    offset: int = 0
    then: bytes = b""
    then_offset: int = 0


# First match wins.
_MAGIC: Final = (
    _Magic(b"RIFF", "wav", then=b"WAVE", then_offset=8),
    _Magic(b"RF64", "wav", then=b"WAVE", then_offset=8),
    _Magic(b"RIFF", "avi", then=b"AVI ", then_offset=8),
    _Magic(b"fLaC", "flac"),
    _Magic(b"OggS", "ogg"),
    _Magic(b"ftyp", "m4a", offset=4, then=b"M4A", then_offset=8),
    _Magic(b"ftyp", "m4a", offset=4, then=b"M4B", then_offset=8),
    _Magic(b"\x1a\x45\xdf\xa3", "mkv"),
    _Magic(b"#!AMR", "amr"),
    _Magic(b"FORM", "aiff", then=b"AIFF", then_offset=8),
    _Magic(b"FORM", "aiff", then=b"AIFC", then_offset=8),
    _Magic(b"caff", "caf"),
    _Magic(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "wma"),
    _Magic(b".snd", "au"),
    _Magic(b"\x00\x00\x01\xba", "mpeg"),
)

_STILL_BRANDS: Final = (b"avif", b"heic", b"heix", b"mif1", b"avis")  # ISO files that hold pictures, not sound

_FOREIGN: Final = (
    _Magic(b"\x89PNG\r\n\x1a\n", "a PNG image"),
    _Magic(b"\xff\xd8\xff", "a JPEG image"),
    _Magic(b"GIF8", "a GIF image"),
    _Magic(b"RIFF", "a WebP image", then=b"WEBP", then_offset=8),
    _Magic(b"II*\x00", "a TIFF image"),
    _Magic(b"MM\x00*", "a TIFF image"),
    *(_Magic(b"ftyp", "a HEIF image", offset=4, then=brand, then_offset=8) for brand in _STILL_BRANDS),
    _Magic(b"%PDF-", "a PDF document"),
    _Magic(b"PK\x03\x04", "a ZIP archive"),
    _Magic(b"PK\x05\x06", "a ZIP archive"),
    _Magic(b"\x1f\x8b", "a gzip archive"),
    _Magic(b"BZh", "a bzip2 archive"),
    _Magic(b"\xfd7zXZ\x00", "an XZ archive"),
    _Magic(b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    _Magic(b"Rar!\x1a\x07", "a RAR archive"),
    _Magic(b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    _Magic(b"ustar", "a tar archive", offset=257),
    _Magic(b"\x7fELF", "a program"),
    _Magic(b"MZ\x90\x00", "a program"),
    _Magic(b"SQLite format 3\x00", "an SQLite database"),
    _Magic(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document"),
    _Magic(b"{\\rtf", "an RTF document"),
)

_HTML: Final = (b"<!doctype html", b"<html", b"<head", b"<body")
_BLANK: Final = b" \t\r\n\f"
_UNPRINTABLE: Final = frozenset(range(32)) - frozenset(_BLANK) - {0x1B}


def container_of(head: bytes) -> str | None:
    """The container that begins with these bytes, a key of `EXTENSIONS`, or None when they match none.

    >>> container_of(b"fLaC" + bytes(64))
    'flac'
    """
    if foreign_kind(head) is not None:
        return None
    found = _match(_MAGIC, head)
    if found == "mkv":
        return "webm" if b"webm" in head[:64] else "mkv"
    if found is None and head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide"}:
        return "mp4"
    return found or _framed(head)


def foreign_kind(head: bytes) -> str | None:
    """What these bytes plainly are instead of audio, with its article, or None.

    >>> foreign_kind(b"<!DOCTYPE html><title>502</title>")
    'an HTML page'
    """
    found = _match(_FOREIGN, head)
    return found if found is not None else _textual(head)


def fitting_filename(name: str, container: str | None) -> str:
    """`name` without any folders and control characters, with an extension that fits the container, where it is known.

    >>> fitting_filename("../talks/talk.wav", "mp3")
    'talk.mp3'
    """
    base = name.replace("\\", "/").rpartition("/")[2]
    base = "".join(letter for letter in base if letter.isprintable()).strip(". ") or "audio"
    fitting = EXTENSIONS.get(container or "", ())
    stem, dot, extension = base.rpartition(".")
    if not fitting or (dot and extension.lower() in fitting):
        return base
    return f"{stem or base}.{fitting[0]}"


def _match(table: tuple[_Magic, ...], head: bytes) -> str | None:
    return next(
        (row.name for row in table if head.startswith(row.value, row.offset) and head.startswith(row.then, row.then_offset)), None
    )


_ID3: Final = struct.Struct(">3s3x4B")
_FRAME: Final = struct.Struct(">H2B")


def _framed(head: bytes) -> str | None:
    """MPEG audio and ADTS have no magic: an ID3 tag, or a frame header that holds together."""
    if not head.startswith(b"ID3") or len(head) < _ID3.size:
        return _frame(head)
    _, *sevens = _ID3.unpack_from(head)
    size = sum((seven & 0x7F) << shift for seven, shift in zip(sevens, (21, 14, 7, 0), strict=True))  # ID3v2.4, 3.1
    behind = head[_ID3.size + size :]
    return "flac" if behind.startswith(b"fLaC") else _frame(behind) or "mp3"


def _frame(head: bytes) -> str | None:
    """`mp3` or `aac` when the first bytes are a possible frame header (ISO 11172-3, 2.4.1.3; ISO 13818-7, 6.2)."""
    if len(head) < _FRAME.size:
        return None
    sync, third, _ = _FRAME.unpack_from(head)
    if sync & 0xFFF6 == _ADTS_SYNC:
        return "aac" if third >> 2 & 0xF not in _NO_ADTS_RATE else None
    version, layer, bitrate, rate = sync >> 3 & 3, sync >> 1 & 3, third >> 4, third >> 2 & 3
    possible = version not in _NO_VERSION and layer in _LAYERS and bitrate not in _NO_BITRATE and rate not in _NO_RATE
    return "mp3" if sync & _MPEG_SYNC == _MPEG_SYNC and possible else None


_ADTS_SYNC: Final = 0xFFF0
_MPEG_SYNC: Final = 0xFFE0
_NO_ADTS_RATE: Final = frozenset({13, 14, 15})
_NO_VERSION: Final = frozenset({1})
_LAYERS: Final = frozenset({1, 2})  # III and II; nobody sends layer I, and UTF-16 text begins like it
_NO_BITRATE: Final = frozenset({0, 15})
_NO_RATE: Final = frozenset({3})


def _textual(head: bytes) -> str | None:
    """Whether the head reads as text: UTF-8 without control characters, or UTF-16 with its mark."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) and head.count(0) * 3 > len(head):
        return "text"
    try:
        # The head may end within a character.
        head[:-4].decode() if len(head) >= HEAD_BYTES else head.decode()
    except UnicodeDecodeError:
        return None
    body = head.removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK).lower()
    if not head or not _UNPRINTABLE.isdisjoint(head) or head.startswith(b"#!AMR"):
        return None
    if body.startswith(_HTML):
        return "an HTML page"
    if body.startswith(b"<?xml"):
        return "an XML document"
    return "JSON" if body.startswith((b"{", b"[")) else "text"
