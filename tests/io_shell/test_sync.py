import signal
import sys
from pathlib import Path

import pytest

import voxplan
from tests.conformance.behaviours import MISBEHAVIOURS, Hang, Honest
from tests.conformance.openai_server import OpenAIServer
from tests.io_shell.cli.typing_commands import http_spec, start, wav
from voxplan.adapters.rendering.events import Delta, Done

SPEC = """
voxplan: 1
deployments:
  deaf: {{provider: openai_compatible, model: whisper-1, base_url: "{}"}}
  healthy: {{provider: openai_compatible, model: whisper-1, base_url: "{}"}}
routes: {{slow: deaf, quick: healthy}}
"""
PROGRAM = """
import sys, voxplan
from voxplan.engine.runs.run import Send

def tell(happened):
    if isinstance(happened.what, Send):
        print("sent", flush=True)

with voxplan.open_sync(sys.argv[1], observers=[tell]) as vox:
    try:
        vox.transcribe(sys.argv[2], route="slow")
    except KeyboardInterrupt:
        seen = vox.view.of("deaf")
        print("stopped", seen.load.in_flight, seen.circuit, seen.failures)
    print(vox.transcribe(sys.argv[2], route="quick").text)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_stops_the_run_and_leaves_the_spec_open(tmp_path: Path) -> None:
    """The call is cancelled, its slot is free, no health has changed; the next transcription goes on."""
    with OpenAIServer(key=None, script=[Hang()]) as deaf, OpenAIServer(key=None) as healthy:
        spec = tmp_path / "spec.yaml"
        spec.write_text(SPEC.format(deaf.url, healthy.url))
        with start(spec, wav(tmp_path / "a.wav"), program=("-c", PROGRAM)) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"sent\n"
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=20)
    assert (process.returncode, err.decode()) == (0, "")
    assert out.decode().splitlines() == ["stopped 0 closed 0", "sent", Honest().text]


def test_guardrails_and_everything_else_work_without_async(tmp_path: Path) -> None:
    """The functions run in the loop's thread."""

    async def shout(judged: voxplan.Judged) -> voxplan.Verdict:
        assert judged.transcript is not None
        return voxplan.Passed(transcript=voxplan.redact(judged.transcript, str.upper))

    with OpenAIServer(key=None) as server:
        spec = http_spec(tmp_path, server.url, ", guardrails: [loud]")
        spec.write_text(f"{spec.read_text()}guardrails: {{loud: {{kind: custom}}}}\n")
        with voxplan.open_sync(spec, guardrails={"loud": shout}) as vox:
            assert vox.transcribe(wav(tmp_path / "a.wav")).text == Honest().text.upper()


def test_text_comes_as_events_without_async(tmp_path: Path) -> None:
    """Whoever cannot stream is emulated: the deltas make up the text, the last event is the whole, then there is the answer."""
    with OpenAIServer(key=None) as server:
        spec = http_spec(tmp_path, server.url, ", options: {stream: emulate}")
        with voxplan.open_sync(spec) as vox, vox.stream(wav(tmp_path / "a.wav")) as stream:
            with pytest.raises(RuntimeError, match="not over"):
                str(stream.answer)
            *deltas, last = stream
            assert "".join(event.text if isinstance(event, Delta) else "" for event in deltas).strip() == Honest().text
            assert isinstance(last, Done)
            assert stream.answer.text == Honest().text


def test_what_goes_wrong_is_raised_among_the_events(tmp_path: Path) -> None:
    """As by `transcribe`."""
    with OpenAIServer(key=None, script=[MISBEHAVIOURS["503"]]) as server:
        spec = http_spec(tmp_path, server.url, ", options: {stream: emulate}")
        with (
            voxplan.open_sync(spec) as vox,
            vox.stream(wav(tmp_path / "a.wav")) as stream,
            pytest.raises(voxplan.ProviderError) as raised,
        ):
            list(stream)
    assert raised.value.kind == "overloaded"
