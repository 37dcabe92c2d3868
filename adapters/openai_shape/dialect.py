"""How a provider speaks OpenAI's transcription endpoint, as data: one `Dialect` for each, no code.

A `Form` says how a family of models is asked and what its answers hold; what a form does not have cannot be sent, and a call
that wants it fails before anything is sent (law C2). A dialect must know of everything that the provider's facts promise.
"""

from typing import Literal

import msgspec

from voxplan.adapters.refusals.failures import Rule

__all__ = ("Dialect", "Form")


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """How a family of models is asked.

    `plain` is the format without times, `timed` the one with them, None where there are none; `words` may be asked for besides.
    `diarize`: the fields that have speakers told apart (none needed, where it is empty), None where it cannot be done;
    `diarize_words` where that takes word times. `chunking` says when a chunking strategy goes along: `always` means that the
    model insists. `known_speakers` is how many voices may come along. `streams`: in format `plain`. `language`: it
    may be told what is spoken. `translation` is how it is asked at `/audio/translations`, None where it does not translate.
    """

    plain: str = "json"
    timed: str | None = None
    words: bool = False
    diarize: tuple[tuple[str, str], ...] | None = None
    diarize_words: bool = False
    prompt: bool = True
    languages: bool = False
    keywords: bool = False
    logprobs: bool = False
    chunking: Literal["never", "asked", "always"] = "never"
    known_speakers: int = 0
    streams: bool = False
    language: bool = True
    translation: "Form | None" = None


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """Where a provider's endpoint is, how it is opened, and how its fields are written.

    `base_url` is the path before `/audio/transcriptions`, None where only the deployment knows; `hosts` are those of models by
    part of their name. `version` is the path that a `base_url` without any means. `routing` by `deployments` is Azure's: the
    deployment stands in the address, and the form names no model.

    The key goes into `key_header` after `key_prefix`; without one, a `token` may be had instead. `headers` are settings that go
    as headers. `forms` are chosen by the first marker that occurs in the model's name (lower-case), or in the setting
    `model_setting` where there is one. `extensions` are those of file names that are taken, None for all. `granularities`: a
    field for each, or all in one with commas. `objects`: a field for each key, `name[key]`, or one of JSON text. `longest_prompt`
    is in characters, `largest_body` in bytes of the whole form. `failures` read the provider's refusals.
    """

    base_url: str | None
    hosts: tuple[tuple[str, str], ...] = ()
    version: str = "/v1"
    routing: Literal["path", "deployments"] = "path"
    key_header: str = "authorization"
    key_prefix: str = "Bearer "
    token: Literal["entra"] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    forms: tuple[tuple[str, Form], ...] = ()
    otherwise: Form = Form()
    model_setting: str | None = None
    extensions: tuple[str, ...] | None = None
    granularities: Literal["repeated", "commas"] = "repeated"
    objects: Literal["fields", "json"] = "fields"
    longest_prompt: int | None = None
    largest_body: int | None = None
    failures: tuple[Rule, ...] = ()

    def form(self, model: str) -> Form:
        """How `model` is asked."""
        name = model.lower()
        return next((form for marker, form in self.forms if marker in name), self.otherwise)
