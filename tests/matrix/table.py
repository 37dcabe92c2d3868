"""Which provider can do what, found out by doing it: every option and format by every model of the kit, over real sockets.

Run with `python -m tests.matrix.table` to write the page; the suite fails when the page is not what was found.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import anyio

import voxplan
from tests.conformance.kit import STANDS
from tests.conformance.requests_seen import Seen
from tests.conformance.socket_server import SocketServer
from tests.conformance.stands import Stand
from tests.matrix.asking import CELLS, Cell
from tests.sounds import tone
from voxplan.engine.language.spec import OptionRules, RouteNode, Rules, Spec
from voxplan.io_shell.client import Vox
from voxplan.io_shell.options import TranscribeOptions

__all__ = ("PAGE", "Row", "page", "row", "rows")

PAGE: Final = Path(__file__).parents[2] / "docs" / "providers" / "matrix.md"
STREAM: Final = "stream"

_AUDIO: Final = tone()
_NOTHING: Final = Cell("nothing", {}, lambda _, __, ___: True)
_STRICT: Final = OptionRules()
_EMULATING: Final = OptionRules(timestamps="emulate", keywords="emulate", stream="emulate")

Row = dict[str, str]
"""What became of each thing asked for: `yes`, `emulated`, or the reason why not."""


async def rows(stand: Stand) -> dict[str, Row]:
    """Every model of a provider."""
    with stand.server() as server:
        return {model: await row(stand, model, server) for model in (stand.model, *stand.others)}


async def row(stand: Stand, model: str, server: SocketServer) -> Row:
    """What this model does with all that can be asked."""
    _, plain, _ = await _asked(stand, model, server, _NOTHING, _STRICT)
    found = {cell.name: await _cell(stand, model, server, cell, plain) for cell in CELLS}
    return {**found, STREAM: await _streams(stand, model, server)}


async def _cell(stand: Stand, model: str, server: SocketServer, cell: Cell, plain: Sequence[Seen]) -> str:
    refused = ""
    for rules, word in ((_STRICT, "yes"), (_EMULATING, "emulated")):
        refused, seen, answer = await _asked(stand, model, server, cell, rules)
        if answer is not None:
            assert answer.dropped == (), f"{stand.provider}/{model} dropped {cell.name}"
            kept = word == "emulated" or cell.kept(plain, seen, answer)
            assert kept, f"{stand.provider}/{model} lost {cell.name}: {[(each.target, each.body[:600]) for each in seen]}"
            assert word == "yes" or answer.emulated, f"{stand.provider}/{model} says nothing of {cell.name}"
            return word
    return refused


async def _asked(
    stand: Stand, model: str, server: SocketServer, cell: Cell, rules: OptionRules
) -> tuple[str, Sequence[Seen], voxplan.Answer | None]:
    """Why there is no answer, or the requests that led to one."""
    before = len(server.seen)
    options: TranscribeOptions = {**cell.options, "filename": "tone.wav"}
    async with voxplan.open(_spec(stand, model, server, rules), environment=stand.environment()) as vox:
        try:
            answer = await vox.transcribe(_AUDIO, **options)
            answer.render()
        except (voxplan.RequestError, voxplan.ProviderError) as refused:
            return _why(refused), (), None
    return "", server.seen[before:], answer


async def _streams(stand: Stand, model: str, server: SocketServer) -> str:
    refused = ""
    for rules, word in ((_STRICT, "yes"), (_EMULATING, "emulated")):
        async with voxplan.open(_spec(stand, model, server, rules), environment=stand.environment()) as vox:
            refused = await _streamed(vox, word)
        if not refused:
            return word
    return refused


async def _streamed(vox: Vox, word: str) -> str:
    """Why nothing was streamed; empty when it was."""
    try:
        async with vox.stream(_AUDIO, filename="tone.wav") as stream:
            events = [event async for event in stream]
            answer = stream.answer
    except (voxplan.RequestError, voxplan.ProviderError) as refused:
        return _why(refused)
    deltas = "".join(event.text for event in events if isinstance(event, voxplan.Delta))
    segments = " ".join(event.segment.text for event in events if isinstance(event, voxplan.SegmentEvent))
    # Where it tells speakers apart, OpenAI sends no deltas.
    assert answer.text in {deltas.rstrip(), segments}, f"the events say {deltas!r} and {segments!r}"
    assert isinstance(events[-1], voxplan.Done)
    assert ("stream" in answer.emulated) is (word == "emulated")
    return ""


def _spec(stand: Stand, model: str, server: SocketServer, rules: OptionRules) -> Spec:
    root = RouteNode(use="it")
    return Spec(
        voxplan=1, deployments={"it": stand.deployment(server, model)}, routes={"main": root}, defaults=Rules(options=rules)
    )


def _why(refused: voxplan.RequestError | voxplan.ProviderError) -> str:
    """The reason, without the sentence around it."""
    if isinstance(refused, voxplan.ProviderError) and refused.attempts:
        failure = refused.attempts[0].failure
        assert failure is not None
        assert failure.kind == "unsupported", failure
        assert failure.sent == "no", failure
        return failure.reason
    return str(refused).partition("`it` ")[2].strip() or str(refused)


def page(found: dict[str, dict[str, Row]]) -> str:
    """The page of documentation."""
    reasons: dict[str, int] = {}
    lines = [_HEAD]
    names = [*(cell.name for cell in CELLS), STREAM]
    for provider, models in found.items():
        lines += [f"## {provider}", "", f"| | {' | '.join(f'`{model}`' for model in models)} |", f"|---|{'---|' * len(models)}"]
        for name in names:
            cells = [_mark(models[model][name], reasons) for model in models]
            lines.append(f"| {name} | {' | '.join(cells)} |")
        lines.append("")
    lines += ["## Why not", "", *(f"{number}. {reason}" for reason, number in reasons.items()), ""]
    return "\n".join(lines)


def _mark(became: str, reasons: dict[str, int]) -> str:
    if became in {"yes", "emulated"}:
        return became
    return f"no ({reasons.setdefault(became, len(reasons) + 1)})"


_HEAD: Final = """\
# What every provider can do

<!-- Written by `python -m tests.matrix.table`; the tests fail when it is not true. -->

Found out by asking: each option and each format by itself, of each model, against the servers of the conformance kit, which
are as strict as the providers' documentation. *yes*: it reached the provider, and its answer has what was asked for. *emulated*:
built from what the provider gives, where the spec says `options: {…: emulate}`. *no*: no call is made, and the reason is said; a
spec can drop an option with `options: {…: drop}`, and the answer then lists it. Nothing is ever left out in silence.
"""


def main() -> None:
    """Write the page."""
    found = {name: anyio.run(rows, stand) for name, stand in STANDS.items()}
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
