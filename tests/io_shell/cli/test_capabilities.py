import json
import re
from pathlib import Path

import pytest

from tests.io_shell.cli.typing_commands import typed
from voxplan.adapters.catalog import CATALOG
from voxplan.engine.terms.spelling import listed
from voxplan.io_shell.cli.arguments import parse
from voxplan.io_shell.cli.orders import ShowCapabilities

SPEC = """\
voxplan: 1
deployments:
  cloud: {provider: openai, model: whisper-1, price: {per_minute: $0.01}}
  here: {provider: local, model: default}
routes:
  main: [cloud, here]
"""
HEADINGS = ("formats", "times", "speakers", "prompt", "languages", "streaming", "bytes", "seconds", "containers", "price")


_SHORT = 35  # longer names need more than one line of the narrowest screen


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """Two deployments, one at a price of its own."""
    path = tmp_path / "x.yaml"
    path.write_text(SPEC)
    return path


def test_it_says_everything_there_is_to_say(spec: Path) -> None:
    """A provider, a spec, for programs."""
    expected = ShowCapabilities(provider="openai", spec=spec, json=True)
    assert parse(["capabilities", "openai", "-s", str(spec), "--json"]) == expected


def test_a_wide_screen_shows_one_table(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each model, the unnamed ones last, and the sources below by their numbers."""
    ended = typed(capsys, "capabilities", "openai")
    header, first, *_ = ended.out.splitlines()
    assert (ended.code, ended.err) == (0, "")
    assert all(heading in header for heading in HEADINGS)
    assert first.split()[:2] == ["openai", "whisper-1"]
    assert "json text srt vtt verbose_json " in first
    assert "26,148,864" in first
    assert "$0.006 a minute, in steps of 1 s" in first
    assert "any other" in ended.out
    assert re.search(r"^\[\d+\] developers\.openai\.com/api/docs/models/whisper-1", ended.out, re.MULTILINE)


def test_every_model_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Of every provider."""
    lines = typed(capsys, "capabilities").out.splitlines()
    for facts in CATALOG.values():
        shown = [line.split()[1] for line in lines if line.startswith(f"{facts.provider} ")]
        assert shown == [*(model for model, _ in facts.models), *(f"*{marker}*" for marker, _ in facts.families), "any"]


@pytest.mark.parametrize("width", [40, 80, 120, 165, 180, 240])
def test_no_screen_is_too_narrow(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """Every line fits, and no word is lost: one block for each model where the table does not fit."""
    monkeypatch.setenv("COLUMNS", str(width))
    shown = typed(capsys, "capabilities").out
    assert max(map(len, shown.splitlines())) <= width
    assert "…" not in shown
    assert all(model in "".join(shown.split()) for facts in CATALOG.values() for model, _ in facts.models if len(model) < _SHORT)
    assert all(heading in shown for heading in HEADINGS)
    assert shown.isascii()


def test_a_block_has_a_line_for_each_known_fact(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With its sources in full."""
    monkeypatch.setenv("COLUMNS", "80")
    block = typed(capsys, "capabilities", "local").out.split("\n\n")[0]
    assert [line.rstrip() for line in block.splitlines()] == [
        "local default",
        "  formats       json text srt vtt verbose_json",
        "  times         segment",
        "  languages     en",
        "  price         free",
        "  source        the model of the extra `local`",
        "  source        this machine",
    ]


def test_a_spec_shows_its_deployments(capsys: pytest.CaptureFixture[str], spec: Path) -> None:
    """By their names, at its own prices; no key is needed."""
    header, *lines = typed(capsys, "capabilities", "--spec", spec).out.splitlines()
    assert header.split()[:3] == ["deployment", "provider", "model"]
    assert sorted(line.split()[0] for line in lines[:2]) == ["cloud", "here"]
    assert "$0.01 a minute" in next(line for line in lines if line.startswith("cloud"))
    assert "[2] the spec" in lines


def test_json_tells_programs_the_same(capsys: pytest.CaptureFixture[str], spec: Path) -> None:
    """Every key is always there; what is not known is null."""
    (cloud,) = json.loads(typed(capsys, "capabilities", "openai", "-s", spec, "--json").out)
    assert cloud["deployment"] == "cloud"
    assert cloud["price"] == {
        "unit": "billionths of a US dollar",
        "per_minute": 10_000_000,
        "per_request": 0,
        "minimum_ms": 0,
        "step_ms": 0,
        "by_channel": False,
        "tokens": None,
        "certainty": "known",
        "source": "the spec",
    }
    *_, other = json.loads(typed(capsys, "capabilities", "openai_compatible", "--json").out)
    assert (other["deployment"], other["model"], other["price"], other["max_bytes"]) == (None, None, None, None)
    assert (other["languages"], other["times"], other["speakers"]) == ("any", ["segment"], False)
    assert set(cloud) == set(other)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("opnai",), 4, "unknown provider `opnai`, did you mean `openai`?"),
        (
            ("x.yaml",),
            4,
            f"unknown provider `x.yaml`; there are {listed(CATALOG)} (a spec is named by `--spec`)",
        ),
        (("--spec", "none.yaml"), 3, "none.yaml: cannot be read: no such file or directory"),
    ],
)
def test_what_is_not_there_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, message: str
) -> None:
    """With the name that was probably meant."""
    ended = typed(capsys, "capabilities", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert message in ended.err


def test_a_spec_without_the_provider_is_one_line(capsys: pytest.CaptureFixture[str], spec: Path) -> None:
    """For programs, an empty list."""
    ended = typed(capsys, "capabilities", "openai_compatible", "-s", spec)
    assert (ended.code, ended.err) == (4, "voxplan: the spec has no deployment of provider `openai_compatible`\n")
    assert json.loads(typed(capsys, "capabilities", "openai_compatible", "-s", spec, "--json").out) == []


def test_help_teaches_by_example(capsys: pytest.CaptureFixture[str]) -> None:
    """One for each way to ask."""
    shown = typed(capsys, "capabilities", "--help").out
    for example in ("voxplan capabilities openai", "voxplan capabilities --spec routing.yaml", "voxplan capabilities --json"):
        assert example in shown
