"""One call to Mistral, from its request to its transcript."""

from collections.abc import Generator

from returns.result import Failure, Success

from voxplan.adapters.exchanging import address, answered, complete, unsent
from voxplan.adapters.providers.mistral.answer import listened, read
from voxplan.adapters.providers.mistral.asking import asked, impossible
from voxplan.adapters.providers.mistral.facts import BASE_URL, FAILURES
from voxplan.adapters.wire import Call, Got, Streaming, Want
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.engine.terms.transcript import Transcript

__all__ = ("exchange",)


def exchange(call: Call) -> Generator[Want, Got, Success[Transcript] | Failure[AttemptFailure]]:
    """Post the audio once and take the answer, whole or event by event."""
    base = address(call, BASE_URL)
    if isinstance(base, AttemptFailure):
        return Failure(base)
    why_not = impossible(call.options)
    if why_not is not None:
        return Failure(unsent("unsupported", why_not))
    got = yield asked(call, base)
    response = answered(got, FAILURES)
    if isinstance(response, AttemptFailure):
        return Failure(response)
    streams = isinstance(response, Streaming)
    ended = (yield from listened(response, call.options)) if streams else read(response, call.options)
    return Failure(ended) if isinstance(ended, AttemptFailure) else complete(ended, call.options, response.status)
