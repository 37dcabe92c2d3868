"""Transcription by model name, without any spec: LiteLLM's quick start.

    from voxplan import transcription
    response = transcription(model="whisper-1", file=open("talk.mp3", "rb"))

`model` is `provider/model`, or the model alone for OpenAI. Behind it stands an ordinary spec of one `first:` list, so that all
that holds for routing holds here too.
"""

import os
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, Unpack

from anyio.from_thread import start_blocking_portal

from voxplan.adapters.catalog import CATALOG
from voxplan.engine.language.addresses import address_problem
from voxplan.engine.language.spec import Deployment, Retry, RouteNode, Rules, Spec
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.quantity import Span
from voxplan.engine.terms.request import ResponseFormat, Timestamps
from voxplan.engine.terms.spelling import suggestion
from voxplan.io_shell import client
from voxplan.io_shell.answer import Answer
from voxplan.io_shell.asking import asked_count, asked_names, asked_number, asked_text
from voxplan.io_shell.audio.source import AudioInput
from voxplan.io_shell.errors import RequestError, SpecError
from voxplan.io_shell.loading import load
from voxplan.io_shell.options import ModelOptions

__all__ = ("atranscription", "transcription")

_KEY: Final = "VOXPLAN_CALLERS_KEY"  # where a key given as an argument stands in for the environment's
_ROUTE: Final = "by:model"  # no deployment here has this name: where those have a colon, a number follows
_MEANT: Final = {"whisper": "whisper-1"}  # as LiteLLM's guide calls it; a server of one's own may have a model of this name
_NO_LABEL: Final = re.compile(r"[^A-Za-z0-9_.@-]")


async def atranscription(  # noqa: PLR0913 - one keyword for each thing LiteLLM's callers pass
    model: str,
    file: AudioInput,
    *,
    language: str | None = None,
    prompt: str | None = None,
    response_format: ResponseFormat = "json",
    temperature: float | None = None,
    timestamp_granularities: Timestamps | Sequence[Timestamps] = (),
    translate: bool = False,
    diarize: bool = False,
    languages: str | Sequence[str] = (),
    keywords: str | Sequence[str] = (),
    known_speakers: Mapping[str, str] | None = None,
    logprobs: bool = False,
    chunking_strategy: str | Mapping[str, object] | None = None,
    timeout: float | None = None,  # noqa: ASYNC109 - LiteLLM's name; it becomes a deadline of the plan
    api_key: str | None = None,
    api_base: str | None = None,
    num_retries: int = 0,
    fallbacks: str | Sequence[str] = (),
    simulate: Mapping[str, FailureKind] | None = None,
    mock_testing_fallbacks: bool = False,
) -> Answer:
    """Transcribe `file` with `model`, then with each of `fallbacks` until one answers.

    `timeout` is the whole call's, in seconds; `num_retries` more calls to each model; `api_key` and `api_base` belong to
    `model` alone (default: the provider's own address, its key from the environment). `known_speakers` maps names to data URLs
    of some seconds of their voices; the other options are those of `Vox.transcribe`. To test fallbacks,
    `mock_testing_fallbacks` lets `model` fail without being called, and `simulate` the providers that it names, as in
    `{"openai": "rate_limited"}`.
    """
    if api_base is not None and (problem := address_problem(api_base)):
        raise RequestError(f"`api_base`: {problem}")
    if api_key == "":
        raise RequestError("`api_key` is empty")
    meant = _MEANT.get(model, model) if api_base is None else model
    models = (*asked_names("model", meant), *asked_names("fallbacks", fallbacks))
    deadline_s, times = asked_number("timeout", timeout, least=0.001), asked_count("num_retries", num_retries)
    router = _router(_spec(models, deadline_s, times, asked_text("api_key", api_key), api_base))
    async with client.open(router, environment=_environment(api_key)) as vox:
        return await vox.transcribe(
            file,
            route=_ROUTE,
            language=language,
            prompt=prompt,
            temperature=temperature,
            response_format=response_format,
            timestamps=timestamp_granularities,
            translate=translate,
            diarize=diarize,
            languages=languages,
            keywords=keywords,
            known_speakers=known_speakers,
            logprobs=logprobs,
            chunking_strategy=chunking_strategy,
            simulate=simulate,
            mock_testing_fallbacks=mock_testing_fallbacks,
        )


def transcription(model: str, file: AudioInput, **options: Unpack[ModelOptions]) -> Answer:
    """`atranscription`, whose options these are, for code without async; works inside a running loop too."""
    with start_blocking_portal() as portal:
        return portal.call(partial(atranscription, model, file, **options))


def _environment(api_key: str | None) -> Mapping[str, str]:
    return os.environ if api_key is None else {**os.environ, _KEY: api_key}


def _router(spec: Spec) -> Router:
    try:
        return load(spec)
    except SpecError as error:
        # The caller wrote no spec: what it lacks, the call lacks.
        raise RequestError("; ".join(error.problems)) from None


def _spec(models: tuple[str, ...], timeout: float | None, num_retries: int, api_key: str | None, api_base: str | None) -> Spec:
    """The spec that stands behind a call by model names."""
    names = tuple(_name(model, number) for number, model in enumerate(models))
    deployments = {name: _deployment(model, None, None) for name, model in zip(names, models, strict=True)}
    deployments[names[0]] = _deployment(models[0], None if api_key is None else f"${{{_KEY}}}", api_base)
    return Spec(
        voxplan=1,
        deployments=deployments,
        routes={_ROUTE: RouteNode(first=tuple(RouteNode(use=name) for name in names), retry=Retry(times=num_retries))},
        defaults=Rules(deadline=None if timeout is None else Span(max(1, round(timeout * 1000)))),
    )


def _name(model: str, number: int) -> str:
    """What the model's deployment is called: as much of the model's name as a name may hold."""
    plain = _NO_LABEL.sub("-", model)[:90].lstrip("_.@-") or "model"
    return f"{plain}:{number + 1}" if number else plain


def _deployment(model: str, api_key: str | None, base_url: str | None) -> Deployment:
    provider, slash, rest = model.partition("/")
    if not slash:
        return Deployment(provider="openai", model=model, api_key=api_key, base_url=base_url)
    if provider not in CATALOG:
        raise RequestError(f"unknown provider `{provider}` in model `{model}`{suggestion(provider, CATALOG)}")
    return Deployment(provider=provider, model=rest, api_key=api_key, base_url=base_url)
