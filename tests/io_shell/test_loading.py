from datetime import date
from pathlib import Path

import pytest

from voxplan.engine.language.spec import Deployment, RouteNode, Spec
from voxplan.io_shell.errors import SpecError
from voxplan.io_shell.loading import examine, load, load_file

FIVE_MISTAKES = """\
voxplan: 1
deployments:
  whisper: {provider: opnai, model: whisper-1}
  server: {provider: openai_compatible, model: m, base_url: "http://localhost:1", api_kye: "${K}"}
routes:
  main:
    first: [whisper, servr]
    timeout: 5 parsecs
  other:
    balance: {among: {whisper: 0}}
"""


def written(tmp_path: Path, text: str, name: str = "x.yaml") -> Path:
    """The spec in a file."""
    path = tmp_path / name
    path.write_text(text)
    return path


def test_without_a_spec_the_recogniser_on_this_machine_serves() -> None:
    """One route, called `default`."""
    router = load(None)
    assert [deployment.provider for deployment in router.deployments.values()] == ["local"]
    assert list(router.routes) == ["default"]


def test_a_spec_in_memory_is_checked_like_any_other() -> None:
    """Its findings have paths instead of places."""
    spec = Spec(voxplan=1, deployments={"a": Deployment(provider="opnai", model="m")}, routes={"r": RouteNode(use="a")})
    with pytest.raises(SpecError) as raised:
        load(spec)
    assert raised.value.problems == ("deployments.a.provider: unknown provider `opnai`, did you mean `openai`?",)


def test_every_mistake_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    """Mistakes of shape and wrong names alike, in the order of the file."""
    path = written(tmp_path, FIVE_MISTAKES)
    with pytest.raises(SpecError) as raised:
        load_file(path)
    assert [line.removeprefix(f"{path}:") for line in raised.value.problems] == TOLD


TOLD = [
    "3:23: unknown provider `opnai`, did you mean `openai`?",
    "4:83: unknown key `api_kye` in `deployments.server`, did you mean `api_key`?",
    "7:22: unknown deployment `servr`, did you mean `server`?",
    "8:14: expected a duration such as `500ms`, `8s`, `2m` or `5s + 0.05 * audio.seconds`, got `5 parsecs`",
    "10:15: all weights are 0: nothing could be chosen",
]


def test_warnings_do_not_keep_a_spec_from_loading(tmp_path: Path) -> None:
    """They come with the router."""
    local = "{provider: local, model: default}"
    path = written(tmp_path, f"voxplan: 1\ndeployments: {{a: {local}, b: {local}}}\nroutes: {{r: a}}\n")
    examined = examine(path)
    assert examined.router is not None
    assert [str(warning) for warning in examined.warnings] == [f"{path}:2:53: no route uses deployment `b`"]


@pytest.mark.parametrize(
    ("name", "message"), [("x.ini", "expected a file name that ends in"), ("missing.yaml", "cannot be read: no such file")]
)
def test_a_file_that_is_no_spec_is_one_line(tmp_path: Path, name: str, message: str) -> None:
    """Never a traceback."""
    if name == "x.ini":
        written(tmp_path, "", name)
    with pytest.raises(SpecError, match=message):
        load_file(tmp_path / name)


@pytest.mark.parametrize(("today", "warnings"), [(date(2026, 1, 21), 0), (date(2026, 1, 22), 1)])
def test_a_retirement_is_told_when_it_is_near(tmp_path: Path, today: date, warnings: int) -> None:
    """From 400 days before."""
    text = "voxplan: 1\ndeployments: {a: {provider: openai, model: whisper-1}}\nroutes: {r: a}\n"
    assert len(examine(written(tmp_path, text), today).warnings) == warnings
