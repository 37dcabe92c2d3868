import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.behaviours import MISBEHAVIOURS, Honest
from tests.conformance.openai_server import KEY, OpenAIServer
from tests.io_shell.cli.typing_commands import http_spec, typed, wav

TEXT = Honest().text


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    """A server that hears the same in every recording."""
    with OpenAIServer(key=None) as running:
        yield running


@pytest.fixture
def spec(server: OpenAIServer, tmp_path: Path) -> Path:
    """A spec that knows only this server."""
    return http_spec(tmp_path, server.url)


def test_one_file_is_its_transcript(capsys: pytest.CaptureFixture[str], spec: Path, tmp_path: Path) -> None:
    """Nothing else, on either stream."""
    assert typed(capsys, "transcribe", wav(tmp_path / "a.wav"), "-s", spec) == (0, f"{TEXT}\n", "")


def test_the_formats_are_those_of_the_answer(capsys: pytest.CaptureFixture[str], spec: Path, tmp_path: Path) -> None:
    """Subtitles begin as subtitles do, JSON is JSON."""
    file = wav(tmp_path / "a.wav")
    assert typed(capsys, "transcribe", file, "-s", spec, "-f", "vtt").out.startswith("WEBVTT\n")
    assert typed(capsys, "transcribe", file, "-s", spec, "-f", "srt").out.startswith("1\n00:00:0")
    assert json.loads(typed(capsys, "transcribe", file, "-s", spec, "-f", "verbose_json").out)["text"] == TEXT


def test_options_reach_the_provider(capsys: pytest.CaptureFixture[str], server: OpenAIServer, spec: Path, tmp_path: Path) -> None:
    """Language, prompt and temperature, as they were typed."""
    line = ("--language", "german", "--prompt", "Guten Tag", "--temperature", "0.5")
    assert typed(capsys, "transcribe", wav(tmp_path / "a.wav"), "-s", spec, *line).code == 0
    (seen,) = server.seen
    assert seen.form is not None
    assert [seen.form.value(name) for name in ("language", "prompt", "temperature")] == ["de", "Guten Tag", "0.5"]


def test_several_files_have_headers_and_a_bad_one_stops_nobody(
    capsys: pytest.CaptureFixture[str], spec: Path, tmp_path: Path
) -> None:
    """Some failed: exit code 1, one line for each of them."""
    first, last = wav(tmp_path / "a.wav"), wav(tmp_path / "c.wav")
    ended = typed(capsys, "transcribe", first, tmp_path / "b.wav", last, "-s", spec)
    assert ended.code == 1
    assert ended.out == f"==> {first} <==\n{TEXT}\n\n==> {last} <==\n{TEXT}\n\n"
    assert ended.err == f"voxplan: `{tmp_path / 'b.wav'}` does not exist\n"


def test_when_all_fail_for_one_reason_the_code_says_which(capsys: pytest.CaptureFixture[str], spec: Path, tmp_path: Path) -> None:
    """Here the caller's."""
    assert typed(capsys, "transcribe", tmp_path / "a.wav", tmp_path / "b.wav", "-s", spec).code == 4


PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.wav", None, "does not exist"),
        ("empty.wav", b"", "is empty"),
        ("picture.wav", PNG, "not audio"),
        (".", None, "is a directory"),
    ],
)
def test_bad_input_is_one_line_and_the_callers_fault(
    capsys: pytest.CaptureFixture[str], spec: Path, tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    """Nothing is sent for it."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    ended = typed(capsys, "transcribe", tmp_path / name, "-s", spec)
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (4, "", 1)
    assert message in ended.err


def test_no_seconds_of_audio_are_bad_input(capsys: pytest.CaptureFixture[str], spec: Path, tmp_path: Path) -> None:
    """A header without samples."""
    ended = typed(capsys, "transcribe", wav(tmp_path / "a.wav", seconds=0), "-s", spec)
    assert (ended.code, len(ended.err.splitlines())) == (4, 1)
    assert "0 seconds" in ended.err


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        (("-r", "nowhere"), 4, "unknown route `nowhere`"),
        (("-l", "en!"), 4, "unknown language `en!`"),
        (("--deadline", "soon"), 4, "`deadline`: expected a duration"),
        (("--fallback", "nowhere"), 4, "no deployment or route for the fallback `nowhere`"),
        (("--simulate", "nobody=timed_out"), 4, "no deployment or provider to simulate failures of: `nobody`"),
        (("-s", "none.yaml"), 3, "none.yaml: cannot be read: no such file or directory"),
        (("-",), 2, "standard input (`-`) can be read only once"),
    ],
)
def test_what_is_wrong_for_all_files_is_told_once(
    capsys: pytest.CaptureFixture[str], spec: Path, line: tuple[str, ...], code: int, message: str
) -> None:
    """Before any of them is opened."""
    ended = typed(capsys, "transcribe", "-", "missing.wav", "-s", spec, *line)
    assert (ended.code, len(ended.err.splitlines())) == (code, 1)
    assert message in ended.err


def test_a_spec_whose_address_is_not_set_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The spec, or its environment, is at fault."""
    ended = typed(capsys, "transcribe", wav(tmp_path / "a.wav"), "-s", http_spec(tmp_path, '"${NOWHERE_URL}"'))
    assert (ended.code, len(ended.err.splitlines())) == (3, 1)
    assert "NOWHERE_URL" in ended.err


def test_a_spec_with_custom_guardrails_needs_the_python_api(
    capsys: pytest.CaptureFixture[str], server: OpenAIServer, tmp_path: Path
) -> None:
    """Nothing is transcribed unguarded; the spec can still be checked and planned with."""
    spec = http_spec(tmp_path, server.url, ", guardrails: [polite]")
    spec.write_text(f"{spec.read_text()}guardrails: {{polite: {{kind: custom}}}}\n")
    ended = typed(capsys, "transcribe", wav(tmp_path / "a.wav"), "-s", spec)
    assert (ended.code, ended.out, server.seen) == (3, "", [])
    assert ended.err == ("voxplan: custom guardrails are functions, which only the Python API takes (`voxplan.open`): `polite`\n")
    assert typed(capsys, "check", spec).code == 0
    assert typed(capsys, "plan", "-s", spec).code == 0


def test_what_went_otherwise_than_asked_is_noted(
    capsys: pytest.CaptureFixture[str], server: OpenAIServer, tmp_path: Path
) -> None:
    """On standard error; programs find it in the report."""
    spec = http_spec(tmp_path, server.url, ", options: {diarize: drop}")
    line = ("transcribe", wav(tmp_path / "a.wav"), "-s", spec, "--diarize")
    ended = typed(capsys, *line)
    assert (ended.code, ended.out) == (0, f"{TEXT}\n")
    assert ended.err.endswith("`server` cannot do what was asked, so it went without: `diarize`\n")
    (report,) = json.loads(typed(capsys, *line, "--json", "--quiet").out)
    assert (report["dropped"], report["emulated"]) == (["diarize"], [])
    assert (report["cost"], report["cost_certainty"]) == (None, "unknown")


def test_fallbacks_and_pretended_failures_are_told(capsys: pytest.CaptureFixture[str], spec: Path, tmp_path: Path) -> None:
    """The trail says why each call is made."""
    spec.write_text(spec.read_text().replace("routes:", "  local: {provider: local, model: default}\nroutes:"))
    line = (
        "transcribe",
        wav(tmp_path / "a.wav"),
        "-s",
        spec,
        "--fallback",
        "server",
        "--simulate",
        "local=overloaded",
        "--trail",
    )
    spec.write_text(spec.read_text().replace("{use: server}", "{use: local}"))
    ended = typed(capsys, *line)
    assert (ended.code, ended.out) == (0, f"{TEXT}\n")
    assert "local   ✗ overloaded: simulated" in ended.err
    assert "server  → fallback call, up to " in ended.err


def test_providers_that_fail_are_the_providers_fault(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Exit code 5, and every attempt in one line."""
    with OpenAIServer(key=None, script=[MISBEHAVIOURS["503"]]) as server:
        ended = typed(capsys, "transcribe", wav(tmp_path / "a.wav"), "-s", http_spec(tmp_path, server.url))
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (5, "", 1)
    assert "every attempt failed: `server` overloaded (http 503" in ended.err


def test_the_trail_is_told_on_standard_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Every call, every wait, how each ended; the transcript stays alone on standard output."""
    with OpenAIServer(key=None, script=[MISBEHAVIOURS["503"]]) as server:
        spec = http_spec(tmp_path, server.url, ", retry: {times: 1, backoff: {base: 1ms}}")
        ended = typed(capsys, "transcribe", wav(tmp_path / "a.wav"), "-s", spec, "--trail")
    assert (ended.code, ended.out) == (0, f"{TEXT}\n")
    *trail, cost = ended.err.splitlines()
    assert [line.split("server  ")[1][0] for line in trail] == ["→", "✗", "…", "→", "✓"]
    assert cost.endswith("a.wav: the cost is unknown")


def test_output_writes_a_file_for_each_and_says_so(capsys: pytest.CaptureFixture[str], spec: Path, tmp_path: Path) -> None:
    """The folder is made; nothing else is left in it; nothing goes to standard output."""
    out, files = tmp_path / "out" / "deep", (wav(tmp_path / "a.wav"), wav(tmp_path / "b.wav"))
    ended = typed(capsys, "transcribe", *files, "-s", spec, "-o", out)
    assert (ended.code, ended.out) == (0, "")
    assert {path.name: path.read_text() for path in out.iterdir()} == {"a.txt": f"{TEXT}\n", "b.txt": f"{TEXT}\n"}
    assert [line.split("  ")[0] for line in ended.err.splitlines()] == [f"{file} → {out / file.stem}.txt" for file in files]


def test_quiet_says_nothing_but_errors(capsys: pytest.CaptureFixture[str], spec: Path, tmp_path: Path) -> None:
    """The line of a file that failed stays."""
    ended = typed(capsys, "transcribe", wav(tmp_path / "a.wav"), tmp_path / "b.wav", "-s", spec, "-q", "-o", tmp_path / "out")
    assert ended.err == f"voxplan: `{tmp_path / 'b.wav'}` does not exist\n"


def test_an_output_that_exists_is_refused_before_any_work(
    capsys: pytest.CaptureFixture[str], server: OpenAIServer, spec: Path, tmp_path: Path
) -> None:
    """With `--force` it is replaced."""
    (tmp_path / "a.txt").write_text("precious")
    line = ("transcribe", wav(tmp_path / "a.wav"), "-s", spec, "-o", tmp_path)
    ended = typed(capsys, *line)
    assert (ended.code, server.seen) == (4, [])
    assert "exists (--force replaces it)" in ended.err
    assert typed(capsys, *line, "--force").code == 0
    assert (tmp_path / "a.txt").read_text() == f"{TEXT}\n"


def test_json_is_one_document_with_everything(capsys: pytest.CaptureFixture[str], spec: Path, tmp_path: Path) -> None:
    """One object for each file, the same keys whether it served or failed."""
    ended = typed(capsys, "transcribe", wav(tmp_path / "a.wav"), tmp_path / "b.wav", "-s", spec, "--json", "--seed", "7")
    served, failed = json.loads(ended.out)
    assert (ended.code, served.keys()) == (1, failed.keys())
    assert (served["text"], served["served_by"], served["error"]) == (TEXT, "server", None)
    assert [(entry["deployment"], entry["ending"]) for entry in served["attempts"]] == [("server", "accepted")]
    assert (served["plan"]["route"], served["plan"]["seed"]) == ("main", 7)
    assert (failed["text"], failed["error"]["error"], failed["error"]["exit_code"]) == (None, "RequestError", 4)


def test_json_tells_why_providers_failed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The run's kind, how long to wait, and the trail."""
    with OpenAIServer(key=None, script=[MISBEHAVIOURS["429 with Retry-After"]]) as server:
        ended = typed(capsys, "transcribe", wav(tmp_path / "a.wav"), "-s", http_spec(tmp_path, server.url), "--json")
    (failed,) = json.loads(ended.out)
    assert (failed["error"]["kind"], failed["error"]["retry_after_ms"]) == ("rate_limited", 7000)
    assert [entry["failure"]["kind"] for entry in failed["attempts"]] == ["rate_limited"]


@pytest.mark.slow
def test_without_a_spec_the_recogniser_on_this_machine_serves(capsys: pytest.CaptureFixture[str]) -> None:
    """On the recording that comes with it."""
    package = pytest.importorskip("moonshine_voice", reason="no recogniser for this Python or machine")
    ended = typed(capsys, "transcribe", Path(package.__file__).parent / "assets" / "beckett.wav")
    assert ended.code == 0
    assert "fail better" in ended.out.lower()


def test_known_speakers_are_heard_by_their_voices(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file becomes what the provider takes; who speaks stands in `diarized_json`, and the trail ends with what it cost."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    path = tmp_path / "x.yaml"
    line = ("-f", "diarized_json", "--speaker", f"Ann={wav(tmp_path / 'ann.wav')}", "--chunking-strategy", "auto", "--trail")
    with OpenAIServer() as server:
        cloud = f'{{provider: openai, model: gpt-4o-transcribe-diarize, base_url: "{server.url}"}}'
        path.write_text(f"voxplan: 1\ndeployments: {{cloud: {cloud}}}\nroutes: {{r: cloud}}\n")
        ended = typed(capsys, "transcribe", wav(tmp_path / "a.wav"), "-s", path, *line)
        (seen,) = server.seen
    assert ended.code == 0
    assert "Ann" in {segment["speaker"] for segment in json.loads(ended.out)["segments"]}
    assert seen.form is not None
    assert seen.form.value("known_speaker_names[]") == "Ann"
    assert str(seen.form.value("known_speaker_references[]")).startswith("data:audio/wav;base64,UklGR")
    assert "the cost is $0.0" in ended.err.splitlines()[-1]
