import json
from pathlib import Path

import pytest

from tests.io_shell.cli.typing_commands import typed

SPEC = """\
voxplan: 1
deployments:
  whisper-1: {provider: openai, model: whisper-1}
  server: {provider: openai_compatible, model: m, base_url: "${NOT_SET}"}
  local: {provider: local, model: default}
routes:
  whisper:
    first:
      - use: whisper-1
        retry: {times: 1}
      - use: server
        timeout: 5s
      - local
  strict: {first: [whisper-1, local], on: [overloaded, timed_out]}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec whose keys and addresses are nowhere."""
    path = tmp_path / "x.yaml"
    path.write_text(SPEC)
    return path


def test_a_plan_is_a_tree(capsys: pytest.CaptureFixture[str], spec: Path) -> None:
    """Forms, deployments and rules, whole; no key and no address is needed."""
    ended = typed(capsys, "plan", "-s", spec, "-r", "whisper", "--seconds", "30", "--seed", "7", "--moment", "1")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == "whisper  first, on *"
    assert lines[1] == "├── whisper-1  openai"
    assert "├── server  openai_compatible" in lines
    assert "│   timeout 5 s" in lines
    assert "└── local" in lines
    assert "1 retry after " in ended.out
    assert lines[-1] == "seed 7  moment 1"


def test_what_is_left_out_is_said_with_all_reasons(capsys: pytest.CaptureFixture[str], spec: Path) -> None:
    """One a line."""
    ended = typed(capsys, "plan", "-s", spec, "-r", "whisper", "--language", "fi", "--prompt", "hi")
    told = ended.out.partition("left out\n")[2].splitlines()
    assert told[0].split(maxsplit=1) == ["local", "cannot transcribe language `fi`"]
    assert told[1].strip() == "takes no prompt"


def test_no_plan_is_the_callers_fault_when_nobody_could_ever_do_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The reasons are on standard error, exit code 4."""
    ended = typed(capsys, "plan", "--language", "fi")
    assert (ended.code, ended.out) == (4, "")
    assert "there is no plan" in ended.err
    assert "cannot transcribe language `fi`" in ended.err


def test_edges_tell_what_follows_what(capsys: pytest.CaptureFixture[str], spec: Path) -> None:
    """Kinds that lead to the same place share a line."""
    ended = typed(capsys, "plan", "-s", spec, "-r", "whisper", "--edges")
    told = ended.out.partition("after whisper-1\n")[2].partition("\n\n")[0]
    assert [line.split(maxsplit=1)[0] for line in told.splitlines()] == ["cancelled,", "rate_limited", "overloaded,", "anything"]
    assert "whisper-1 again if told when, then server, then local" in told


def test_an_on_list_is_shown_as_it_is(capsys: pytest.CaptureFixture[str], spec: Path) -> None:
    """Names where they are shorter than the difference from `*`."""
    assert "strict  first, on overloaded, timed_out\n" in typed(capsys, "plan", "-s", spec, "-r", "strict").out


EVERYTHING = """\
voxplan: 1
deployments:
  groq: {provider: openai_compatible, model: m, base_url: "http://127.0.0.1:1/v1", region: us, price: {per_minute: $0.01}}
  deep: {provider: openai_compatible, model: m, base_url: "http://127.0.0.1:2/v1", region: eu, price: {per_minute: $0.02}}
  mini: {provider: openai, model: gpt-4o-mini-transcribe}
  local: {provider: local, model: default}
guardrails:
  clean: {kind: custom, stage: input}
  polite: {kind: custom}
routes:
  main:
    guardrails: [clean, polite]
    when:
      - if: {tags: [eu]}
        then: {require: {region: eu}, first: [groq, deep]}
    otherwise:
      first:
        - race: {among: [groq, {first: [deep, local]}], stagger: 1.2s}
          budget: $0.05
        - {use: mini, replay: if_unsent, options: {prompt: drop}}
        - {balance: {among: [local, mini], spill: 0}}
  spare: mini
"""


@pytest.fixture
def everything(tmp_path: Path) -> Path:
    """A spec with all there is to show."""
    path = tmp_path / "everything.yaml"
    path.write_text(EVERYTHING)
    return path


def shown(capsys: pytest.CaptureFixture[str], spec: Path, *arguments: str) -> list[str]:
    """The lines of a plan, without the tree's branches."""
    ended = typed(capsys, "plan", "-s", spec, "-r", "main", "--seconds", "60", "--seed", "1", *arguments)
    assert (ended.code, ended.err) == (0, "")
    return [line.lstrip("│├└─ ").rstrip() for line in ended.out.splitlines()]


def test_the_arms_of_a_race_stand_at_the_moments_at_which_they_start(
    capsys: pytest.CaptureFixture[str], everything: Path
) -> None:
    """They overlap; the children of an arm do not."""
    lines = shown(capsys, everything)
    assert "race, on *, budget $0.05" in lines
    assert "each starts 1.2 s after the one before, or when one fails; the first answer wins" in lines
    assert "+0 ms  groq  openai_compatible · us" in lines
    assert "+1.2 s  first, on *" in lines
    assert "deep  openai_compatible · eu" in lines


def test_what_holds_for_an_attempt_is_said_in_words(capsys: pytest.CaptureFixture[str], everything: Path) -> None:
    """Money, replay, options that are dropped, guardrails, pretended failures."""
    lines = shown(capsys, everything, "--simulate", "groq=rate_limited", "--prompt", "hi")
    for line in (
        "first the prompt is checked by clean",
        "is not called: rate_limited is pretended",
        "costs $0.02 a call",
        "only while no call before it has been sent",
        "then checked by polite",
    ):
        assert line in lines


def test_the_bounds_say_how_much_how_long_and_who_hears_it(capsys: pytest.CaptureFixture[str], everything: Path) -> None:
    """Whatever happens."""
    lines = shown(capsys, everything, "--tag", "eu", "--deadline", "10s")
    assert "at most 1 call in 10 s for $0.02" in lines
    assert "heard at most by 1 deployment; vendors openai_compatible; regions eu" in lines


def test_branches_that_are_not_taken_say_why(capsys: pytest.CaptureFixture[str], everything: Path) -> None:
    """All that stand below them in one line, and requirements that are not met."""
    lines = shown(capsys, everything, "--tag", "eu")
    assert any("is taken" in line and line.startswith("groq, deep, local, mini") for line in lines)
    assert any(line.startswith("groq ") and "region" in line for line in lines)


def test_fallbacks_of_the_request_are_planned(capsys: pytest.CaptureFixture[str], everything: Path) -> None:
    """After the route."""
    lines = shown(capsys, everything, "--fallback", "spare", "--mock-testing-fallbacks")
    assert "is not called: server_error is pretended" in lines
    assert "spare = mini  openai" in lines


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--fallback=sparr", "no deployment or route for the fallback `sparr`, did you mean `spare`?"),
        ("--simulate=grok=timed_out", "no deployment or provider to simulate failures of: `grok`, did you mean `groq`?"),
        ("--deadline=soon", "`deadline`: expected a duration"),
    ],
)
def test_names_that_are_wrong_are_one_line(
    capsys: pytest.CaptureFixture[str], everything: Path, option: str, message: str
) -> None:
    """The caller's fault."""
    ended = typed(capsys, "plan", "-s", everything, "-r", "main", option)
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (4, "", 1)
    assert message in ended.err


def test_json_holds_plan_and_edges(capsys: pytest.CaptureFixture[str], spec: Path) -> None:
    """The same command line gives the same bytes."""
    line = ("plan", "-s", spec, "-r", "whisper", "--seed", "7", "--moment", "1", "--json")
    first, second = typed(capsys, *line), typed(capsys, *line)
    assert first == second
    document = json.loads(first.out)
    assert document["plan"]["route"] == "whisper"
    assert len(document["edges"]) == 3 * 17
    assert (document["seed"], document["moment_ms"], document["refusal"]) == (7, 1, None)


def test_json_holds_the_refusal(capsys: pytest.CaptureFixture[str]) -> None:
    """With the exit code of people's output."""
    ended = typed(capsys, "plan", "--language", "fi", "--json")
    document = json.loads(ended.out)
    assert ended.code == 4
    assert (document["plan"], document["refusal"]["code"]) == (None, "nothing_eligible")


def test_a_view_takes_what_cools_off_out(capsys: pytest.CaptureFixture[str], spec: Path, tmp_path: Path) -> None:
    """At the moment given."""
    view = tmp_path / "view.json"
    cooling = {"circuit": "open", "until_ms": 9000, "cause": "overloaded"}
    view.write_text(json.dumps({"deployments": {"server": cooling}}))
    line = ("plan", "-s", spec, "-r", "whisper", "--view", view)
    assert "cools off for 1000 ms more after overloaded" in typed(capsys, *line, "--moment", "8000").out
    assert "left out" not in typed(capsys, *line, "--moment", "9000").out


def test_a_view_of_another_spec_is_told(capsys: pytest.CaptureFixture[str], spec: Path, tmp_path: Path) -> None:
    """What it says of names that the spec does not have is passed over, not kept silent."""
    view = tmp_path / "view.json"
    view.write_text(json.dumps({"deployments": {"servr": {}}, "accounts": {"elsewhere": {}}}))
    ended = typed(capsys, "plan", "-s", spec, "-r", "whisper", "--view", view)
    assert ended.code == 0
    assert f"{view}: warning: no deployment `servr` in the spec, did you mean `server`?" in ended.err
    assert f"{view}: warning: no credential `elsewhere` in the spec" in ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("-r", "whispr"), 4, "unknown route `whispr`, did you mean `whisper`?"),
        ((), 4, "which route? the spec has `strict`, `whisper`"),
        (("-r", "whisper", "-l", "en!"), 4, "unknown language `en!`"),
        (("-r", "whisper", "--view", "none.json"), 4, "none.json: cannot be read"),
        (("-r", "whisper", "--view", __file__), 4, "test_showing.py:1:1: not JSON: expected a value"),
    ],
)
def test_what_is_asked_wrongly_is_one_line(
    capsys: pytest.CaptureFixture[str], spec: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    """With the exit code of the caller's faults."""
    ended = typed(capsys, "plan", "-s", spec, *arguments)
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (code, "", 1)
    assert message in ended.err


def test_a_broken_spec_is_told_line_by_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """With its places, exit code 3."""
    path = tmp_path / "x.yaml"
    path.write_text("voxplan: 1\ndeployments: {}\nroutes: {a: b, c: d}\n")
    ended = typed(capsys, "plan", "-s", path)
    assert (ended.code, ended.out) == (3, "")
    assert [line.startswith(f"voxplan: {path}:3:") for line in ended.err.splitlines()] == [True, True]


def test_an_estimate_is_shown_as_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """What is billed by the token costs about so much; it is in no bound, and of audio of unknown length nothing is said."""
    path = tmp_path / "x.yaml"
    path.write_text(
        "voxplan: 1\ndeployments: {mini: {provider: openai, model: gpt-4o-mini-transcribe-2025-12-15}}\nroutes: {r: mini}\n"
    )
    shown = typed(capsys, "plan", "-s", path, "--seconds", "120").out
    assert "\ncosts about $0.006 a call\n" in shown.replace("    ", "")
    assert " for $" not in shown
    assert "about" not in typed(capsys, "plan", "-s", path).out
