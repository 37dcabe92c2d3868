"""Containers as providers want them named: file extension to media type.

A literal table, because `mimetypes` reads the machine's own tables and would answer differently elsewhere.
"""

from typing import Final

__all__ = ("MEDIA_TYPES", "UNKNOWN_MEDIA_TYPE", "media_type")

MEDIA_TYPES: Final[dict[str, str]] = {
    "3gp": "audio/3gpp",
    "aac": "audio/aac",
    "aif": "audio/aiff",
    "aifc": "audio/aiff",
    "aiff": "audio/aiff",
    "amr": "audio/amr",
    "asf": "audio/x-ms-wma",
    "au": "audio/basic",
    "avi": "video/x-msvideo",
    "caf": "audio/x-caf",
    "flac": "audio/flac",
    "m4a": "audio/mp4",
    "m4b": "audio/mp4",
    "m4v": "video/mp4",
    "mka": "audio/x-matroska",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp2": "audio/mpeg",
    "mp3": "audio/mpeg",
    "mp4": "audio/mp4",
    "mpeg": "audio/mpeg",
    "mpg": "video/mpeg",
    "mpga": "audio/mpeg",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "snd": "audio/basic",
    "spx": "audio/ogg",
    "wav": "audio/wav",
    "wave": "audio/wav",
    "webm": "audio/webm",
    "wma": "audio/x-ms-wma",
}

UNKNOWN_MEDIA_TYPE: Final = "application/octet-stream"


def media_type(filename: str) -> str:
    """The media type that fits the extension of `filename`.

    >>> media_type("talk.MP3"), media_type("talk")
    ('audio/mpeg', 'application/octet-stream')
    """
    return MEDIA_TYPES.get(filename.rpartition(".")[2].lower(), UNKNOWN_MEDIA_TYPE)
