import time
from pathlib import Path

import anyio
import pytest

from voxplan.io_shell.errors import SpecError
from voxplan.io_shell.gateway.policies import Policy
from voxplan.io_shell.serving.files import WatchedFile
from voxplan.io_shell.serving.reloading import Reloading, Told, changed_line, first_read, next_read
from voxplan.io_shell.serving.sources import ConfigSource, Read, SpecSource

pytestmark = pytest.mark.anyio

SPEC = "voxplan: 1\ndeployments: {here: {provider: local, model: default}}\nroutes: {r: here}\n"
LONGEST_S = 10.0


class Following:
    """A file that is followed, what took over, and what was told."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "routing.yaml"
        self.path.write_text(SPEC, encoding="utf-8")
        self.taken: list[Policy] = []
        self.told: list[str] = []
        self.problem: SpecError | None = None
        source, file = SpecSource(self.path, {}), WatchedFile(self.path)
        told = Told(news=self.told.append, problems=self.told.append)
        self.reloading = Reloading(source, first_read(source, file.read()), file, self.take, told)

    async def take(self, policy: Policy) -> None:
        """Another one takes over, unless it cannot."""
        if self.problem is not None:
            raise self.problem
        self.taken.append(policy)

    async def hears(self, text: str) -> None:
        """Wait until this was told."""
        end = time.monotonic() + LONGEST_S
        while not any(text in line for line in self.told):
            assert time.monotonic() < end, self.told
            await anyio.sleep(0.02)


async def test_a_change_takes_over(tmp_path: Path) -> None:
    """By itself; it is told what is different."""
    following = Following(tmp_path)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(following.reloading.run)
        following.path.write_text(SPEC.replace("r: here", "s: here"), encoding="utf-8")
        await following.hears("reloaded")
        tasks.cancel_scope.cancel()
    assert [set(policy.router.routes) for policy in following.taken] == [{"s"}]
    assert following.told == [f"reloaded {following.path}: route s added; route r removed"]


async def test_who_asks_is_heard_at_once(tmp_path: Path) -> None:
    """Whether it is another one or not."""
    following = Following(tmp_path)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(following.reloading.run)
        following.reloading.ask()
        await following.hears("nothing changed")
        tasks.cancel_scope.cancel()
    assert len(following.taken) == 1


async def test_one_that_cannot_take_over_is_told(tmp_path: Path) -> None:
    """And the next one is compared with what is in force."""
    following = Following(tmp_path)
    following.problem = SpecError(("it does not open",))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(following.reloading.run)
        following.reloading.ask()
        await following.hears("not reloaded: it does not open")
        following.problem = None
        following.path.write_text(SPEC.replace("r: here", "s: here"), encoding="utf-8")
        await following.hears("route s added")
        tasks.cancel_scope.cancel()


def test_mistakes_are_told_and_nothing_takes_over(tmp_path: Path) -> None:
    """Each with its place, and then what that means."""
    told: list[str] = []
    source = SpecSource(tmp_path / "x.yaml", {})
    assert next_read(source, lambda: SPEC.replace("r: here", "r: gone").encode(), told.append) is None
    assert told[0].startswith(f"{source.path}:3:")
    assert told[-1] == f"{source.path}: not reloaded: what was read before stays in force"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"voxplan: [", b"{" * 5000, b"voxplan: 2"])
def test_no_content_ends_what_is_in_force(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in the file."""
    told: list[str] = []
    assert next_read(SpecSource(tmp_path / "x.yaml", {}), lambda: content, told.append) is None
    assert len(told) > 1
    assert not any("fault of voxplan" in line for line in told)


def test_another_master_key_is_told_without_it(tmp_path: Path) -> None:
    """It holds when the gateway is started again."""
    entry = "model_list:\n  - {model_name: m, litellm_params: {model: whisper-1}}\n"
    source = ConfigSource(tmp_path / "config.yaml", {"OPENAI_API_KEY": "x"})

    def read(key: str) -> Read:
        return first_read(source, f"{entry}general_settings: {{master_key: {key}}}\n".encode())

    assert read("sk-one").master_key == "sk-one"
    line = changed_line(source, read("sk-one"), read("sk-two"))
    assert "the new master key takes effect when the gateway is started again" in line
    assert "sk-" not in line + repr(read("sk-two"))
