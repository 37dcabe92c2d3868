"""`voxplan transcribe`: file after file through one opened spec; one that fails does not stop the others. Or one, as it comes."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

import anyio
from msgspec.structs import replace
from returns.result import Failure
from rich.console import RenderableType
from rich.text import Text

from voxplan.engine.observed.view import EMPTY_VIEW
from voxplan.engine.plans.planning import plan
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.request import Request
from voxplan.engine.terms.spelling import listed
from voxplan.io_shell import client
from voxplan.io_shell.answer import Answer
from voxplan.io_shell.asking import (
    asked_chunking,
    asked_deadline,
    asked_language,
    asked_languages,
    asked_route,
    asked_simulation,
    asked_speakers,
)
from voxplan.io_shell.cli import report
from voxplan.io_shell.cli.arguments import UsageError
from voxplan.io_shell.cli.live_text import LiveText
from voxplan.io_shell.cli.naming import STDIN, output_paths
from voxplan.io_shell.cli.orders import Transcribe, Way
from voxplan.io_shell.cli.screen import Screen
from voxplan.io_shell.cli.streams import write_json, write_result
from voxplan.io_shell.cli.trail_lines import TrailTeller, skipped_lines
from voxplan.io_shell.cli.voices import voices
from voxplan.io_shell.cli.wording import money_text, seconds_text
from voxplan.io_shell.errors import ProviderError, RequestError, SpecError, VoxplanError, exit_code
from voxplan.io_shell.failing import refused
from voxplan.io_shell.loading import load
from voxplan.io_shell.options import TranscribeOptions
from voxplan.io_shell.running import Happened, Observer

__all__ = ("carry_out",)

_SOME_FAILED = 1


class _Job(NamedTuple):
    """One file, and where its transcript goes (None: standard output)."""

    file: str
    output: Path | None


class _Done(NamedTuple):
    """What became of a job."""

    report: report.FileReport
    error: VoxplanError | None


def carry_out(order: Transcribe) -> int:
    """Transcribe all files; the exit code. What is wrong with the order itself is found before any work."""
    files = _files(order)
    router = load(order.spec)
    _require_no_functions(router)
    asked_language(order.options.language)
    asked_languages(order.options.languages)
    asked_chunking(order.options.chunking_strategy)
    asked_deadline(order.way.deadline)
    _require_names(router, order.way)
    heard = replace(order, options=replace(order.options, known_speakers=asked_speakers(voices(order.speakers))))
    return anyio.run(_transcribe_all, heard, router, _jobs(order, files))


def _require_no_functions(router: Router) -> None:
    """A guardrail that is a function of the author's own cannot be given on a command line, and must not be left out."""
    custom = [name for name, guardrail in router.spec.guardrails.items() if guardrail.kind == "custom"]
    if custom:
        raise SpecError((f"custom guardrails are functions, which only the Python API takes (`voxplan.open`): {listed(custom)}",))


def _require_names(router: Router, way: Way) -> None:
    """Names that no plan could be made with are wrong for every file."""
    request = Request(
        route=asked_route(router, way.route),
        fallbacks=way.fallbacks,
        simulate=asked_simulation(dict(way.simulate), first_child=way.mock_testing_fallbacks),
    )
    planned = plan(router, request, EMPTY_VIEW, 0, 0)
    if isinstance(planned, Failure) and planned.failure().code != "nothing_eligible":
        raise refused(planned.failure())


def _files(order: Transcribe) -> tuple[str, ...]:
    files = order.files
    if not files:
        if sys.stdin is None or sys.stdin.isatty():
            raise UsageError("which FILE? give one, or pipe audio in")
        files = (STDIN,)
    if files.count(STDIN) > 1:
        raise UsageError("standard input (`-`) can be read only once")
    return files


def _jobs(order: Transcribe, files: Sequence[str]) -> tuple[_Job, ...]:
    if order.output is None:
        return tuple(_Job(file, None) for file in files)
    paths = output_paths(order.output, files, order.options.response_format, force=order.force)
    return tuple(_Job(file, path) for file, path in zip(files, paths, strict=True))


async def _transcribe_all(order: Transcribe, router: Router, jobs: tuple[_Job, ...]) -> int:
    done: list[_Done] = []
    with Screen(len(jobs), quiet=order.quiet) as screen:
        async with client.open(router) as vox:
            for job in jobs:
                screen.begin(job.file)
                done.append(await _transcribe_one(vox, order, job, screen, several=len(jobs) > 1))
    if order.json:
        write_json([each.report for each in done])
    return _code([None if each.error is None else exit_code(each.error) for each in done])


async def _transcribe_one(vox: client.Vox, order: Transcribe, job: _Job, screen: Screen, *, several: bool) -> _Done:
    """One file to its end, whatever that is."""
    try:
        answer = await (_stream if order.options.stream else _ask)(vox, order, job.file, screen)
        rendered = answer.render()
        screen.end()
        _tell(order, job, answer, screen)
        if not order.options.stream:
            _deliver(order, job, answer, rendered, screen, several=several)
    except VoxplanError as error:
        screen.end()
        for line in skipped_lines(error.skipped) if isinstance(error, ProviderError) and order.trail else ():
            screen.say(line)
        screen.blame(str(error) if Path(job.file).name in str(error) or not several else f"{job.file}: {error}")
        return _Done(report.failed(job.file, error), error)
    return _Done(report.served(job.file, answer, None if job.output is None else str(job.output)), None)


async def _ask(vox: client.Vox, order: Transcribe, file: str, screen: Screen) -> Answer:
    return await vox.transcribe(_audio(file), **_asked(order, file, _observers(order, vox.router, screen, screen.say)))


async def _stream(vox: client.Vox, order: Transcribe, file: str, screen: Screen) -> Answer:
    """The text is written as it comes; however this ends, its last line does."""
    live = LiveText(screen, speakers=order.options.diarize or bool(order.speakers))
    asked = _asked(order, file, _observers(order, vox.router, screen, live.say))
    try:
        async with vox.stream(_audio(file), **asked) as stream:
            async for event in stream:
                live.show(event)
            return stream.answer
    finally:
        live.end()


def _audio(file: str) -> Path | BinaryIO:
    return sys.stdin.buffer if file == STDIN else Path(file)


def _asked(order: Transcribe, file: str, observers: Sequence[Observer]) -> TranscribeOptions:
    options, way = order.options, order.way
    return TranscribeOptions(
        route=way.route,
        language=options.language,
        prompt=options.prompt,
        temperature=options.temperature,
        response_format=options.response_format,
        timestamps=options.timestamps,
        translate=options.translate,
        diarize=options.diarize,
        languages=options.languages,
        keywords=options.keywords,
        known_speakers={speaker.name: speaker.reference for speaker in options.known_speakers},
        logprobs=options.logprobs,
        chunking_strategy=options.chunking_strategy,
        filename="stdin" if file == STDIN else None,
        user=way.user,
        tags=way.tags,
        metadata=dict(way.metadata),
        fallbacks=way.fallbacks,
        deadline=way.deadline,
        retries=way.retries,
        simulate=dict(way.simulate),
        mock_testing_fallbacks=way.mock_testing_fallbacks,
        seed=order.seed,
        observers=observers,
    )


def _observers(order: Transcribe, router: Router, screen: Screen, say: Callable[[RenderableType], None]) -> tuple[Observer, ...]:
    """Whoever tells the trail, line by line, if it is to be told."""
    teller = TrailTeller(router.deployments, screen.signs)

    def tell_line(happened: Happened) -> None:
        line = teller.line(happened)
        if line is not None:
            say(line)

    return (tell_line,) if order.trail else ()


def _tell(order: Transcribe, job: _Job, answer: Answer, screen: Screen) -> None:
    """Say what is worth saying of an answer."""
    for line in skipped_lines(answer.skipped) if order.trail else ():
        screen.say(line)
    if order.trail and answer.cost != 0:
        screen.say(Text(f"{job.file}: the cost is {_cost(answer)}", style="dim"))
    for note in _notes(answer):
        screen.say(Text(f"{job.file}: {note}", style="yellow"))


def _deliver(order: Transcribe, job: _Job, answer: Answer, rendered: str, screen: Screen, *, several: bool) -> None:
    """Put a transcript where it belongs."""
    if job.output is not None:
        _write(job.output, rendered)
        lasted = seconds_text(max(entry.ended_ms for entry in answer.attempts))
        screen.say(
            Text.assemble(
                job.file, (f" {screen.signs.begun} ", "dim"), str(job.output), (f"  {answer.served_by}, {lasted}", "dim")
            )
        )
    elif not order.json:
        write_result((f"==> {job.file} <==\n" if several else "") + _closed(rendered) + ("\n" if several else ""))


def _cost(answer: Answer) -> str:
    about = "about " if answer.cost_certainty == "estimated" else ""
    return "unknown" if answer.cost is None else f"{about}{money_text(round(answer.cost * 10**9))}"


def _notes(answer: Answer) -> Iterator[str]:
    """What is not as it was asked for."""
    if answer.poor:
        yield "no transcript passed its `accept` gates; this is the best there was"
    if answer.dropped:
        yield f"`{answer.served_by}` cannot do what was asked, so it went without: {listed(answer.dropped)}"
    if "stream" in answer.emulated:
        yield f"`{answer.served_by}` does not stream, so its text came at its end"
    if estimated := [option for option in answer.emulated if option != "stream"]:
        yield f"`{answer.served_by}` cannot do what was asked, so it is estimated: {listed(estimated)}"


def _closed(text: str) -> str:
    """The text with an end of line at its end."""
    return text if text.endswith("\n") or not text else f"{text}\n"


def _write(path: Path, text: str) -> None:
    """All of it or nothing: a file that is there is whole."""
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(_closed(text), encoding="utf-8", newline="\n")
        part.replace(path)
    except OSError as problem:
        with suppress(OSError):
            part.unlink()
        raise RequestError(f"cannot write `{path}`: {(problem.strerror or str(problem)).lower()}") from None


def _code(codes: Sequence[int | None]) -> int:
    """0 when all went well; the one reason for which all failed; else that some failed."""
    failed = {code for code in codes if code is not None}
    if not failed:
        return 0
    return failed.pop() if len(failed) == 1 and None not in codes else _SOME_FAILED
