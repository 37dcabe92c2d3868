"""The keywords of a transcription as the request that the planner sees."""

from voxplan.engine.plans.router import Router
from voxplan.engine.terms.request import Request
from voxplan.engine.terms.spelling import suggestion
from voxplan.io_shell.asking import (
    asked_count,
    asked_deadline,
    asked_flag,
    asked_metadata,
    asked_names,
    asked_options,
    asked_route,
    asked_simulation,
    asked_text,
)
from voxplan.io_shell.options import TranscribeOptions

__all__ = ("asked_request",)


def asked_request(router: Router, asked: TranscribeOptions, *, stream: bool = False) -> Request:
    """The request, without the facts of its audio. Raises RequestError for the first keyword that is at fault."""
    for name in asked.keys() - TranscribeOptions.__annotations__.keys():
        hint = ": text as it comes has `Vox.stream`" if name == "stream" else suggestion(name, TranscribeOptions.__annotations__)
        raise TypeError(f"unexpected keyword argument `{name}`{hint}")  # as for any function
    allowed, retries = asked.get("allowed"), asked.get("retries")
    first = asked_flag("mock_testing_fallbacks", asked.get("mock_testing_fallbacks", False))
    return Request(
        route=asked_route(router, asked.get("route")),
        options=asked_options(
            asked.get("language"),
            asked.get("prompt"),
            asked.get("temperature"),
            asked.get("response_format", "json"),
            asked.get("timestamps", ()),
            asked.get("diarize", False),
            languages=asked.get("languages", ()),
            keywords=asked.get("keywords", ()),
            known_speakers=asked.get("known_speakers"),
            translate=asked.get("translate", False),
            logprobs=asked.get("logprobs", False),
            chunking_strategy=asked.get("chunking_strategy"),
            stream=stream,
        ),
        user=asked_text("user", asked.get("user")),
        key=asked_text("key", asked.get("key")),
        key_tags=asked_names("key_tags", asked.get("key_tags", ())),
        tags=asked_names("tags", asked.get("tags", ())),
        metadata=asked_metadata(asked.get("metadata")),
        fallbacks=asked_names("fallbacks", asked.get("fallbacks", ())),
        deadline_ms=asked_deadline(asked.get("deadline")),
        retries=None if retries is None else asked_count("retries", retries),
        allowed=None if allowed is None else asked_names("allowed", allowed),
        simulate=asked_simulation(asked.get("simulate"), first_child=first),
    )
