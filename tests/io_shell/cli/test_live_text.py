import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conformance.behaviours import MISBEHAVIOURS, BreakStream, Drip, Hang, Honest
from tests.conformance.openai_server import OpenAIServer
from tests.io_shell.cli.typing_commands import http_spec, start, typed, wav
from voxplan.adapters.rendering.events import Delta, Done, Event, SegmentEvent
from voxplan.engine.terms.transcript import Segment, Transcript
from voxplan.io_shell.cli import session
from voxplan.io_shell.cli.live_text import LiveText
from voxplan.io_shell.cli.screen import Screen

TEXT = Honest().text
STREAMS = "gpt-4o-transcribe"


def streaming(folder: Path, url: str, rules: str = "", model: str = STREAMS) -> Path:
    """A spec whose only deployment streams."""
    spec = http_spec(folder, url, rules)
    spec.write_text(spec.read_text().replace("whisper-1", model))
    return spec


def said(segment: str, speaker: str | None = None) -> SegmentEvent:
    """A segment that came."""
    return SegmentEvent(segment=Segment(start=0, end=1, text=segment, speaker=speaker), id="seg_0")


def done(text: str) -> Done:
    """The last event."""
    return Done(transcript=Transcript(text=text))


@pytest.mark.parametrize("speakers", [False, True])
@pytest.mark.parametrize(
    ("events", "plain", "by_speaker"),
    [
        ([done("all at once")], "all at once\n", "all at once\n"),
        ([done("")], "", ""),
        ([Delta(text=" one"), Delta(text=" two "), Delta(text="\n"), done("one two")], "one two\n", "one two\n"),
        ([Delta(text="one\n"), Delta(text="two\n"), done("one\ntwo")], "one\ntwo\n", "one\ntwo\n"),
        ([said(" one ", "A"), said("two", "B"), done("one two")], "one two\n", "A: one\nB: two\n"),
        ([said("one"), said("two", "B"), Delta(text="one two"), done("one two")], "one two\n", "one\nB: two\n"),
        ([Delta(text="one"), said("one", "A"), Delta(text=" two"), done("one two")], "one two\n", "A: one\n"),
    ],
)
def test_what_is_shown_is_the_text_once(
    capsys: pytest.CaptureFixture[str], events: Sequence[Event], plain: str, by_speaker: str, speakers: bool
) -> None:
    """Of deltas or of segments, without blanks around it, with one end of line; by speaker, a line for each segment."""
    with Screen(1, quiet=False) as screen:
        live = LiveText(screen, speakers=speakers)
        for event in events:
            live.show(event)
        live.end()
    assert capsys.readouterr() == (by_speaker if speakers else plain, "")


def test_notes_wait_while_a_line_is_open(capsys: pytest.CaptureFixture[str]) -> None:
    """Both streams may be one terminal."""
    with Screen(1, quiet=False) as screen:
        live = LiveText(screen, speakers=False)
        live.say("before")
        assert capsys.readouterr() == ("", "before\n")
        live.show(Delta(text="one"))
        live.say("between")
        live.show(Delta(text=" two"))
        assert capsys.readouterr() == ("one two", "")
        live.end()
    assert capsys.readouterr() == ("\n", "between\n")


@pytest.mark.parametrize("model", [STREAMS, "whisper-1"])
def test_a_stream_ends_as_the_whole_text(capsys: pytest.CaptureFixture[str], tmp_path: Path, model: str) -> None:
    """The same as without streaming, whether the server streams or not."""
    with OpenAIServer(key=None) as server:
        spec, file = streaming(tmp_path, server.url, model=model), wav(tmp_path / "a.wav")
        assert typed(capsys, "transcribe", file, "-s", spec, "--stream") == (0, f"{TEXT}\n", "")
        assert typed(capsys, "transcribe", file, "-s", spec) == (0, f"{TEXT}\n", "")
        assert [seen.form.value("stream") for seen in server.seen if seen.form is not None] == ["true", None]


def test_the_text_is_there_before_the_end(tmp_path: Path) -> None:
    """Piece by piece, through a pipe, while the provider still sends."""
    with OpenAIServer(key=None, script=[Drip(pause_s=0.005, text="one two three four")]) as server:
        spec = streaming(tmp_path, server.url)
        with start("transcribe", wav(tmp_path / "a.wav"), "-s", spec, "--stream") as process:
            assert process.stdout is not None
            assert process.stdout.read(3) == b"one"
            assert process.poll() is None
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, b" two three four\n", b"")


def test_speakers_have_lines_of_their_own(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """As they come."""
    with OpenAIServer(key=None) as server:
        spec = streaming(tmp_path, server.url, model="gpt-4o-transcribe-diarize")
        ended = typed(capsys, "transcribe", wav(tmp_path / "a.wav"), "-s", spec, "--stream", "--diarize")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert {line.partition(": ")[0] for line in lines} == {"A", "B"}
    assert " ".join(line.partition(": ")[2] for line in lines) == TEXT


def test_the_trail_stands_around_the_text(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The call before it, how it ended and what it cost after it."""
    with OpenAIServer(key=None) as server:
        spec = streaming(tmp_path, server.url)
        ended = typed(capsys, "transcribe", wav(tmp_path / "a.wav"), "-s", spec, "--stream", "--trail")
    assert (ended.code, ended.out) == (0, f"{TEXT}\n")
    call, answered, cost = ended.err.splitlines()
    assert ("→ call" in call, "✓" in answered, cost.endswith("the cost is unknown")) == (True, True, True)


def test_a_failure_in_mid_stream_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """After what had come, which is a line of its own."""
    with OpenAIServer(key=None, script=[BreakStream(after=2)]) as server:
        spec = streaming(tmp_path, server.url)
        ended = typed(capsys, "transcribe", wav(tmp_path / "a.wav"), "-s", spec, "--stream")
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (5, "one two\n", 1)
    assert "every attempt failed: `server` " in ended.err


def test_a_failure_before_the_first_text_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Nothing on standard output."""
    with OpenAIServer(key=None, script=[MISBEHAVIOURS["503"]]) as server:
        spec = streaming(tmp_path, server.url)
        ended = typed(capsys, "transcribe", wav(tmp_path / "a.wav"), "-s", spec, "--stream")
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (5, "", 1)


def test_nobody_who_streams_is_told_how_to_go_on(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The rule that lets the text come at its end; with it, a note says that it did."""
    spec = tmp_path / "spec.yaml"
    text = "voxplan: 1\ndeployments: {nova: {provider: deepgram, model: nova-3, api_key: '${K}'}}\nroutes: {r: {use: nova}}\n"
    spec.write_text(text)
    line = ("transcribe", wav(tmp_path / "a.wav"), "-s", spec, "--stream")
    ended = typed(capsys, *line)
    assert (ended.code, ended.out, len(ended.err.splitlines())) == (4, "", 1)
    assert "`nova` does not stream (with `options: {stream: emulate}` in the route" in ended.err
    spec.write_text(text.replace("use: nova", "use: nova, options: {stream: emulate}"))
    assert "does not stream" not in typed(capsys, *line).err  # it goes on, as far as the key that is not set


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("a.wav", "b.wav"), "--stream takes one FILE, got 2"),
        (("a.wav", "--json"), "--stream writes text as it comes, and --json a whole file: choose one"),
        (("a.wav", "-o", "out"), "--stream writes text as it comes, and --output a whole file: choose one"),
        (("a.wav", "-f", "srt"), "--stream writes text as it comes, and `srt` is written as a whole"),
        (("a.wav", "-f", "json"), "--stream writes text as it comes, and `json` is written as a whole"),
        (("a.wav", "-f", "diarized_json"), "written as a whole, `--diarize` says who speaks"),
    ],
)
def test_only_one_text_can_be_streamed(capsys: pytest.CaptureFixture[str], line: tuple[str, ...], message: str) -> None:
    """Documents are whole or nothing."""
    ended = typed(capsys, "transcribe", *line, "--stream")
    assert (ended.code, ended.out, message in ended.err) == (session.USAGE, "", True)


def test_a_plan_can_be_made_for_a_stream(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Whoever does not stream is left out of it."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        "voxplan: 1\ndeployments: {nova: {provider: deepgram, model: nova-3}, live: {provider: openai, model: gpt-transcribe}}\n"
        "routes: {r: [nova, live]}\n"
    )
    assert "nova  does not stream" in typed(capsys, "plan", "-s", spec, "--stream").out
    assert "left out" not in typed(capsys, "plan", "-s", spec).out


@pytest.mark.slow
def test_without_a_spec_the_text_comes_at_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    """The recogniser on this machine does not stream, and nobody has to say that this will do."""
    package = pytest.importorskip("moonshine_voice", reason="no recogniser for this Python or machine")
    ended = typed(capsys, "transcribe", Path(package.__file__).parent / "assets" / "beckett.wav", "--stream")
    assert (ended.code, ended.out.count("\n")) == (0, 1)
    assert ended.err.endswith("`local` does not stream, so its text came at its end\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_ends_the_line(tmp_path: Path) -> None:
    """Whatever had come stays, as a whole line."""
    with OpenAIServer(key=None, script=[Drip(pause_s=0.02, text="one " + "more " * 100), Hang()]) as server:
        spec = streaming(tmp_path, server.url)
        with start("transcribe", wav(tmp_path / "a.wav"), "-s", spec, "--stream") as process:
            assert process.stdout is not None
            assert process.stdout.read(3) == b"one"
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (session.INTERRUPTED, b"voxplan: interrupted\n")
    assert out.endswith(b"\n")
    assert not out.strip().strip(b" more")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_reader_that_leaves_ends_the_stream_quietly(tmp_path: Path) -> None:
    """As other programs end by SIGPIPE."""
    with OpenAIServer(key=None, script=[Drip(pause_s=0.005, text="one two three four five six seven")]) as server:
        spec = streaming(tmp_path, server.url)
        with start("transcribe", wav(tmp_path / "a.wav"), "-s", spec, "--stream") as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.read(3) == b"one"
            process.stdout.close()
            assert process.wait(timeout=30) == session.BROKEN_PIPE
            assert process.stderr.read() == b""
