from pathlib import Path

import pytest

from tests.io_shell.cli.typing_commands import typed
from voxplan import __version__
from voxplan.engine.terms.request import AudioFacts, Options
from voxplan.io_shell.cli.arguments import UsageError, parse
from voxplan.io_shell.cli.orders import Check, ShowPlan, Transcribe, Way
from voxplan.io_shell.errors import EXIT_CODES


def test_transcribe_says_everything_there_is_to_say() -> None:
    """Long options, short ones, and what may be repeated."""
    line = (
        "transcribe a.mp3 - -s x.yaml -r fast -l fi --prompt hi --temperature 0.5 -f srt -o out --force --json --tag eu --tag hr"
    )
    assert parse([*line.split(), "--timestamps", "word", "--timestamps", "segment", "--seed", "7", "--trail"]) == Transcribe(
        files=("a.mp3", "-"),
        spec=Path("x.yaml"),
        way=Way(route="fast", tags=("eu", "hr")),
        options=Options(language="fi", prompt="hi", temperature=0.5, response_format="srt", timestamps=("word", "segment")),
        seed=7,
        output=Path("out"),
        force=True,
        json=True,
        trail=True,
    )


def test_an_empty_prompt_is_not_an_absent_one() -> None:
    """Nor is a language (law T6)."""
    order = parse(["transcribe", "a.mp3", "--prompt", "", "--language", ""])
    assert isinstance(order, Transcribe)
    assert (order.options.prompt, order.options.language) == ("", "")


def test_plan_says_everything_there_is_to_say() -> None:
    """Facts of the audio included."""
    line = "plan --seconds 1.5 --bytes 10 --view v.json --moment 3 --seed 0 --edges"
    assert parse(line.split()) == ShowPlan(
        audio=AudioFacts(bytes=10, seconds=1.5),
        options=Options(response_format="text"),
        view=Path("v.json"),
        moment_ms=3,
        seed=0,
        edges=True,
    )


@pytest.mark.parametrize("command", ["transcribe a.mp3", "plan"])
def test_the_way_of_a_request_is_said_alike_for_both(command: str) -> None:
    """Who asks, fallbacks, how long, and which failures to pretend."""
    line = "--user bob --tag eu --metadata plan=gold --metadata a=b=c --fallback x --fallback y --deadline 30s --diarize "
    line += "--retries 1 --translate "
    line += "--languages fi --languages sv --keyword Kela --speaker Ann=a.wav --speaker Bo=b=c.mp3 "
    line += "--logprobs --chunking-strategy auto"
    order = parse([*command.split(), *line.split(), "--simulate", "openai=rate_limited", "--mock-testing-fallbacks"])
    assert isinstance(order, (Transcribe, ShowPlan))
    assert order.options == Options(
        response_format="text",
        translate=True,
        diarize=True,
        languages=("fi", "sv"),
        keywords=("Kela",),
        logprobs=True,
        chunking_strategy="auto",
    )
    assert order.speakers == (("Ann", "a.wav"), ("Bo", "b=c.mp3"))
    assert order.way == Way(
        user="bob",
        tags=("eu",),
        metadata=(("plan", "gold"), ("a", "b=c")),
        fallbacks=("x", "y"),
        deadline="30s",
        retries=1,
        simulate=(("openai", "rate_limited"),),
        mock_testing_fallbacks=True,
    )


def test_check_takes_several_specs() -> None:
    """In their order."""
    assert parse(["check", "b.yaml", "a.toml", "--strict"]) == Check(specs=(Path("b.yaml"), Path("a.toml")), strict=True)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("transcibe", "no such command `transcibe`. Did you mean `transcribe`?"),
        ("plan --secnds 3", "no such option: --secnds"),
        ("plan --seconds nan", "expected a number of at least 0, got `nan`"),
        ("plan --seconds -1", "expected a number of at least 0, got `-1`"),
        ("plan --seed 99999999999999999999", "expected a whole number from 0"),
        ("plan --bytes many", "invalid value for `--bytes`"),
        ("transcribe a --format doc", "`doc` is not one of `json`, `text`, `srt`, `vtt`, `verbose_json`, `diarized_json`"),
        ("transcribe a --timestamps letter", "`--timestamps`"),
        ("transcribe a --quiet --trail", "--trail and --quiet contradict each other"),
        ("transcribe a --force", "--force needs --output"),
        ("plan --speaker Ann", "invalid value for `--speaker`: expected NAME=VALUE, got `Ann`"),
        ("plan --metadata gold", "invalid value for `--metadata`: expected NAME=VALUE, got `gold`"),
        ("plan --simulate openai", "invalid value for `--simulate`: expected NAME=VALUE"),
        ("plan --simulate a=rate_limit", "`rate_limit` is no failure of a call, did you mean `rate_limited`?"),
        ("plan --simulate a=cancelled", "`cancelled` is no failure of a call"),
        ("check", "missing argument `SPEC…`"),
    ],
)
def test_a_wrong_command_line_is_one_line_that_says_what(line: str, message: str) -> None:
    """With what was probably meant, where that can be told."""
    with pytest.raises(UsageError) as raised:
        parse(line.split())
    assert message in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_a_wrong_command_line_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    """One line on standard error, nothing on standard output."""
    ended = typed(capsys, "plan", "--secnds", "3")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("voxplan: no such option: --secnds")
    assert len(ended.err.splitlines()) == 1


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    """On a line of its own."""
    assert typed(capsys, "--version") == (0, f"voxplan {__version__}\n", "")


def test_help_teaches(capsys: pytest.CaptureFixture[str]) -> None:
    """The commands, examples, and every exit code."""
    ended = typed(capsys, "--help")
    assert ended.code == 0
    assert all(each in ended.out for each in ("transcribe", "plan", "check", "Examples", "Exit codes"))
    shown = {int(line.split()[0]) for line in ended.out.splitlines() if line.split()[:1] and line.split()[0].isdigit()}
    assert shown == {0, 1, 2, 130, *EXIT_CODES.values()}


@pytest.mark.parametrize("name", ["transcribe", "plan", "check"])
def test_every_command_shows_examples(capsys: pytest.CaptureFixture[str], name: str) -> None:
    """They begin with the command itself."""
    ended = typed(capsys, name, "--help")
    assert ended.code == 0
    assert f"voxplan {name} " in ended.out.partition("Examples")[2]


def test_nothing_typed_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    """As `--help` does."""
    assert typed(capsys) == typed(capsys, "--help")
