"""`voxplan transcribe`: file after file through one opened spec; one that fails does not stop the others."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

import anyio
from rich.text import Text

from voxplan.engine.router import Router
from voxplan.io_shell import client
from voxplan.io_shell.answer import Answer
from voxplan.io_shell.asking import asked_language, asked_route
from voxplan.io_shell.cli import report
from voxplan.io_shell.cli.arguments import UsageError
from voxplan.io_shell.cli.naming import STDIN, output_paths
from voxplan.io_shell.cli.orders import Transcribe
from voxplan.io_shell.cli.screen import Screen
from voxplan.io_shell.cli.streams import write_json, write_result
from voxplan.io_shell.cli.trail_lines import TrailTeller, skipped_lines
from voxplan.io_shell.cli.wording import seconds_text
from voxplan.io_shell.errors import ProviderError, RequestError, VoxplanError, exit_code
from voxplan.io_shell.loading import load
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
    asked_route(router, order.route)
    asked_language(order.options.language)
    return anyio.run(_transcribe_all, order, router, _jobs(order, files))


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
        answer = await _ask(vox, order, job.file, screen)
        rendered = answer.render()
        screen.end()
        _deliver(order, job, answer, rendered, screen, several=several)
    except VoxplanError as error:
        screen.end()
        for line in skipped_lines(error.skipped) if isinstance(error, ProviderError) and order.trail else ():
            screen.say(line)
        screen.blame(str(error) if Path(job.file).name in str(error) or not several else f"{job.file}: {error}")
        return _Done(report.failed(job.file, error), error)
    return _Done(report.served(job.file, answer, None if job.output is None else str(job.output)), None)


async def _ask(vox: client.Vox, order: Transcribe, file: str, screen: Screen) -> Answer:
    audio: Path | BinaryIO = sys.stdin.buffer if file == STDIN else Path(file)
    options = order.options
    return await vox.transcribe(
        audio,
        route=order.route,
        language=options.language,
        prompt=options.prompt,
        temperature=options.temperature,
        response_format=options.response_format,
        timestamps=options.timestamps,
        filename="stdin" if file == STDIN else None,
        tags=order.tags,
        seed=order.seed,
        observers=(_teller(vox.router, screen),) if order.trail else (),
    )


def _teller(router: Router, screen: Screen) -> Observer:
    teller = TrailTeller(router.deployments)

    def tell_line(happened: Happened) -> None:
        line = teller.line(happened)
        if line is not None:
            screen.say(line)

    return tell_line


def _deliver(order: Transcribe, job: _Job, answer: Answer, rendered: str, screen: Screen, *, several: bool) -> None:
    """Put a transcript where it belongs, and say what is worth saying."""
    for line in skipped_lines(answer.skipped) if order.trail else ():
        screen.say(line)
    if answer.poor:
        screen.say(Text(f"{job.file}: no transcript passed its `accept` gates; this is the best there was", style="yellow"))
    if job.output is not None:
        _write(job.output, rendered)
        lasted = seconds_text(max(entry.ended_ms for entry in answer.attempts))
        screen.say(Text.assemble(job.file, (" → ", "dim"), str(job.output), (f"  {answer.served_by}, {lasted}", "dim")))
    elif not order.json:
        write_result((f"==> {job.file} <==\n" if several else "") + _closed(rendered) + ("\n" if several else ""))


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
