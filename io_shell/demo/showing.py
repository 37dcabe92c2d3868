"""The demo on the screen: the plan, the trail as it happens, the transcript, where the time went."""

import os
from typing import Final

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from voxplan.engine.terms.request import Request
from voxplan.io_shell import client
from voxplan.io_shell.answer import Answer
from voxplan.io_shell.asking import asked_route
from voxplan.io_shell.audio.probe import probe
from voxplan.io_shell.audio.source import open_audio
from voxplan.io_shell.cli.plan_page import plan_page
from voxplan.io_shell.cli.trail_lines import TrailTeller, time_chart
from voxplan.io_shell.demo.failing_providers import failing_providers
from voxplan.io_shell.demo.materials import Materials
from voxplan.io_shell.errors import VoxplanError
from voxplan.io_shell.running import Happened

__all__ = ("show",)

_SEED: Final = 3  # the waits that it draws can be seen


async def show(materials: Materials) -> int:
    """Everything, in order; the exit code."""
    screen = Console(highlight=False, markup=False, emoji=False)
    async with failing_providers() as address:
        answer = await _show_run(screen, materials, address)
    if isinstance(answer, VoxplanError):
        raise answer
    _show_answer(screen, answer)
    return 0


async def _show_run(screen: Console, materials: Materials, address: str) -> Answer | VoxplanError:
    """The plan and the run. An error is returned, because raised through the server it would be a group."""
    addresses = {"HOUSE_URL": f"{address}/house/v1", "CLOUD_URL": f"{address}/cloud/v1", "CLOUD_KEY": "demo"}
    try:
        async with client.open(materials.spec, environment={**os.environ, **addresses}) as vox:
            await _show_plan(screen, vox, materials)
            return await _show_trail(screen, vox, materials)
    except VoxplanError as error:
        return error


async def _show_plan(screen: Console, vox: client.Vox, materials: Materials) -> None:
    async with open_audio(materials.recording) as audio:
        facts = await probe(audio)
    request = Request(route=asked_route(vox.router, None), audio=facts)
    _title(screen, "the plan", f"{materials.spec}, for {materials.recording.name} of {facts.seconds or 0:.1f} s")
    _part(screen, plan_page(vox.plan(request, seed=_SEED), _SEED))


async def _show_trail(screen: Console, vox: client.Vox, materials: Materials) -> Answer:
    _title(screen, "the trail", "as it happens: a server on this machine plays house and cloud, on a bad day")
    teller = TrailTeller(vox.router.deployments)

    def tell(happened: Happened) -> None:
        line = teller.line(happened)
        if line is not None:
            _part(screen, line)

    return await vox.transcribe(materials.recording, seed=_SEED, observers=(tell,))


def _show_answer(screen: Console, answer: Answer) -> None:
    _title(screen, "the transcript", f"served by {answer.served_by}")
    _part(screen, Text(answer.text))
    _title(screen, "where the time went", "")
    _part(screen, time_chart(answer.attempts))


def _title(screen: Console, title: str, note: str) -> None:
    screen.print()
    screen.print(Rule(Text.assemble((title, "bold"), (f"  {note}" if note else "", "dim")), align="left", style="dim"))


def _part(screen: Console, part: RenderableType) -> None:
    screen.print(Padding(part, (0, 0, 0, 2)))
