import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import gettempdir
from typing import Final

import anyio
import pytest

from tests.io_shell.local.recordings import WANT, encoded, reading, wav
from voxplan.adapters.wire import Recognise
from voxplan.engine.terms.failure import AttemptFailure
from voxplan.io_shell.audio.source import AudioInput, open_audio
from voxplan.io_shell.local.pool import LocalRecogniser

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks into /proc for processes and files"),
]

FIRST_WORDS: Final = "It was the best of times"


@pytest.fixture
async def recogniser() -> AsyncIterator[LocalRecogniser]:
    """A recogniser with one worker, after which no process is left."""
    async with LocalRecogniser() as opened:
        yield opened
    assert opened.pids == ()


async def heard(recogniser: LocalRecogniser, audio: AudioInput, want: Recognise = WANT) -> str:
    """The text of a recognition that succeeds."""
    async with open_audio(audio) as source:
        recognised = (await recogniser.recognise(want, source)).unwrap()
    return " ".join(segment.text for segment in recognised.segments)


async def failed(recogniser: LocalRecogniser, audio: AudioInput, want: Recognise = WANT) -> AttemptFailure:
    """How a recognition that fails does so."""
    async with open_audio(audio) as source:
        failure = (await recogniser.recognise(want, source)).failure()
    assert (failure.sent, failure.charged) == ("no", "no")
    assert "\n" not in failure.reason
    return failure


def alive(pid: int) -> bool:
    """Whether a process runs: it is there, and neither it nor any thread of it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"} or _threads(pid) > 1
    except (FileNotFoundError, ProcessLookupError):
        return False


def _threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


async def at_work(recogniser: LocalRecogniser) -> int:
    """The worker's process id, once it has used up a second of processor time: it is in the middle of the recording."""
    while not (pids := recogniser.pids) or _ticks(pids[0]) < os.sysconf("SC_CLK_TCK"):  # noqa: ASYNC110 - another process tells nobody
        await anyio.sleep(0.01)
    return pids[0]


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


async def test_real_speech_is_recognised_from_disk(recogniser: LocalRecogniser) -> None:
    """A real recording: its words, segments in order within the recording, its length."""
    async with open_audio(reading()) as source:
        recognised = (await recogniser.recognise(WANT, source)).unwrap()
    assert recognised.segments[0].text.startswith(FIRST_WORDS)
    assert recognised.seconds == pytest.approx(44.37, abs=0.01)
    assert (recognised.language, recognised.words) == ("en", None)
    assert len(recognised.segments) >= 4
    times = [time for segment in recognised.segments for time in (segment.start, segment.end)]
    assert times == sorted(times)
    assert times[-1] <= recognised.seconds


@pytest.mark.parametrize("container", ["wav", "ipod", "webm"])
async def test_audio_in_memory_goes_through_the_pipe(recogniser: LocalRecogniser, container: str) -> None:
    """Bytes without a file are recognised, in containers that must be searched too."""
    assert (await heard(recogniser, encoded(container))).startswith(FIRST_WORDS)


async def test_a_worker_stays_warm(recogniser: LocalRecogniser) -> None:
    """Two recordings, one process; a recording that cannot be decoded does not cost it."""
    await heard(recogniser, encoded("wav"))
    pids = recogniser.pids
    assert (await failed(recogniser, b"not audio at all")).kind == "unsupported"
    await heard(recogniser, encoded("wav"))
    assert recogniser.pids == pids


async def test_more_recordings_than_workers_wait(recogniser: LocalRecogniser) -> None:
    """Three at once, one worker: all are served, and no second process is started."""
    texts: list[str] = []

    async def one() -> None:
        texts.append(await heard(recogniser, encoded("wav")))

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(one)
    assert len(texts) == 3
    assert len(recogniser.pids) == 1


async def test_who_has_waited_long_enough_is_told_that_the_recogniser_is_busy(recogniser: LocalRecogniser) -> None:
    """Nothing took too long but the queue; the one who has the worker goes on."""
    kinds, texts = list[str](), list[str]()

    async def first() -> None:
        texts.append(await heard(recogniser, reading()))

    async with anyio.create_task_group() as group, open_audio(reading()) as source:
        group.start_soon(first)
        await at_work(recogniser)
        kinds.append((await recogniser.recognise(WANT, source, patience_s=0.01)).failure().kind)
    assert (kinds, len(texts), len(recogniser.pids)) == (["overloaded"], 1, 1)


async def test_a_file_that_is_replaced_after_it_was_opened_is_heard_as_it_was(
    recogniser: LocalRecogniser, tmp_path: Path
) -> None:
    """Every attempt hears the recording that was handed over, whatever has become of its name."""
    path = tmp_path / "talk.wav"
    path.write_bytes(reading().read_bytes())
    async with open_audio(path) as source:
        path.unlink()
        path.write_bytes(wav(32000))
        recognised = (await recogniser.recognise(WANT, source)).unwrap()
    assert recognised.segments[0].text.startswith(FIRST_WORDS)


async def test_silence_is_no_segments(recogniser: LocalRecogniser) -> None:
    """Nothing said is a success without segments."""
    assert await heard(recogniser, wav(32000)) == ""


async def test_a_truncated_file_is_heard_as_far_as_it_goes(recogniser: LocalRecogniser) -> None:
    """Half a recording gives its words."""
    data = reading().read_bytes()
    assert (await heard(recogniser, data[: len(data) // 4])).startswith(FIRST_WORDS)


async def test_a_killed_worker_is_a_server_error_and_is_replaced(recogniser: LocalRecogniser) -> None:
    """A crash in the middle fails that attempt alone."""
    failures: list[AttemptFailure] = []

    async def one() -> None:
        failures.append(await failed(recogniser, reading()))

    async with anyio.create_task_group() as group:
        group.start_soon(one)
        os.kill(await at_work(recogniser), signal.SIGSEGV)
    assert (failures[0].kind, failures[0].reason) == ("server_error", "the local recogniser ended with SIGSEGV")
    assert (await heard(recogniser, encoded("wav"))).startswith(FIRST_WORDS)


async def test_a_worker_killed_while_idle_costs_nobody_anything(recogniser: LocalRecogniser) -> None:
    """The next recording gets a fresh worker."""
    await heard(recogniser, encoded("wav"))
    (pid,) = recogniser.pids
    os.kill(pid, signal.SIGKILL)
    while alive(pid):  # noqa: ASYNC110 - another process tells nobody
        await anyio.sleep(0.01)
    await anyio.wait_all_tasks_blocked()  # until the event loop has been told
    assert (await heard(recogniser, encoded("wav"))).startswith(FIRST_WORDS)


@pytest.mark.parametrize("stopped", [False, True], ids=["working", "hanging"])
@pytest.mark.parametrize("from_disk", [True, False], ids=["disk", "memory"])
async def test_cancelled_in_the_middle_nothing_is_left(recogniser: LocalRecogniser, stopped: bool, from_disk: bool) -> None:
    """Cancelled while it works, or hangs: the worker is gone, no file is left, and the next recording is served."""
    files = set(Path(gettempdir()).iterdir())
    audio: AudioInput = reading() if from_disk else reading().read_bytes()
    pid = 0
    async with anyio.create_task_group() as group:
        group.start_soon(heard, recogniser, audio)
        pid = await at_work(recogniser)
        if stopped:
            os.kill(pid, signal.SIGSTOP)
        group.cancel_scope.cancel()
    assert not alive(pid)
    assert recogniser.pids == ()
    assert (await heard(recogniser, encoded("wav"))).startswith(FIRST_WORDS)
    assert not {path for path in Path(gettempdir()).iterdir() if path.suffix in {".wav", ""} and path.is_file()} - files


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise SystemExit(3)", "exit code 3"),
        ("print('hello, I am a library that prints', flush=True); import sys; sys.stdin.buffer.read()", "announced a message of"),
    ],
)
async def test_a_program_that_speaks_no_protocol_is_a_server_error(program: str, reason: str) -> None:
    """A worker that ends at once, or prints, is one clear line."""
    async with LocalRecogniser(command=(sys.executable, "-c", program)) as recogniser:
        failure = await failed(recogniser, reading())
    assert failure.kind == "server_error"
    assert reason in failure.reason


async def test_a_program_that_is_not_there_is_a_server_error() -> None:
    """No worker can be started."""
    async with LocalRecogniser(command=("/nowhere/python",)) as recogniser:
        assert (
            await failed(recogniser, reading())
        ).reason == "the local recogniser could not be started: No such file or directory"


async def test_a_missing_extra_is_named() -> None:
    """Without the packages the failure says what to install."""
    hide = "import sys; sys.modules['moonshine_voice'] = None; from voxplan.io_shell.local.worker import main; main()"
    async with LocalRecogniser(command=(sys.executable, "-c", hide)) as recogniser:
        failure = await failed(recogniser, reading())
    assert failure.kind == "server_error"
    assert "pip install 'voxplan[local]'" in failure.reason


async def test_a_model_that_is_not_there_is_not_found(recogniser: LocalRecogniser, tmp_path: Path) -> None:
    """A path without weights says so and downloads nothing."""
    want = Recognise(model=str(tmp_path), language=None, prompt=None, temperature=None, words=False)
    failure = await failed(recogniser, encoded("wav"), want)
    assert (failure.kind, str(tmp_path) in failure.reason) == ("not_found", True)


@pytest.mark.skipif(not os.environ.get("VOXPLAN_WHISPER_MODEL"), reason="VOXPLAN_WHISPER_MODEL names no folder")
async def test_weights_on_disk_give_words_with_times(recogniser: LocalRecogniser) -> None:
    """A faster-whisper model finds the language, and times for each word."""
    want = Recognise(model=os.environ["VOXPLAN_WHISPER_MODEL"], language=None, prompt=None, temperature=None, words=True)
    async with open_audio(encoded("wav", 6.0)) as source:
        recognised = (await recogniser.recognise(want, source)).unwrap()
    assert recognised.language == "en"
    assert recognised.words
    assert all(0 <= word.start <= word.end <= recognised.seconds for word in recognised.words)


@pytest.mark.skipif(not os.environ.get("VOXPLAN_WHISPER_MODEL"), reason="VOXPLAN_WHISPER_MODEL names no folder")
async def test_weights_on_disk_translate(recogniser: LocalRecogniser) -> None:
    """What is English already stays so."""
    model = os.environ["VOXPLAN_WHISPER_MODEL"]
    want = Recognise(model=model, language=None, prompt=None, temperature=None, words=False, translate=True)
    async with open_audio(encoded("wav", 6.0)) as source:
        ended = await recogniser.recognise(want, source)
    if Path(model).name.endswith(".en"):
        assert ended.failure().kind == "unsupported"
    else:
        assert ended.unwrap().segments


async def test_the_worker_ends_with_its_parent() -> None:
    """A parent that is killed takes its worker along, in the middle of a recording."""
    program = (
        "import anyio\n"
        "from tests.io_shell.local.recordings import WANT, reading\n"
        "from voxplan.io_shell.audio.source import open_audio\n"
        "from voxplan.io_shell.local.pool import LocalRecogniser\n"
        "async def tell(recogniser):\n"
        "    while not recogniser.pids:\n"
        "        await anyio.sleep(0.01)\n"
        "    print(recogniser.pids[0], flush=True)\n"
        "async def main():\n"
        "    async with LocalRecogniser() as recogniser, anyio.create_task_group() as group, open_audio(reading()) as audio:\n"
        "        group.start_soon(tell, recogniser)\n"
        "        while True:\n"
        "            await recogniser.recognise(WANT, audio)\n"
        "anyio.run(main)\n"
    )
    root = Path(__file__).parents[3]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(root / "src"), str(root)])}
    async with await anyio.open_process([sys.executable, "-c", program], stderr=subprocess.DEVNULL, env=environment) as parent:
        assert parent.stdout is not None
        worker = int(await parent.stdout.receive())
        while _ticks(worker) < os.sysconf("SC_CLK_TCK"):  # noqa: ASYNC110 - another process tells nobody
            await anyio.sleep(0.01)
        parent.kill()
    with anyio.fail_after(10):
        while alive(worker):  # noqa: ASYNC110 - another process tells nobody
            await anyio.sleep(0.01)


def test_the_worker_does_not_load_the_shell() -> None:
    """What the worker imports before it is asked for anything is light: no event loop, no HTTP, no numpy."""
    program = (
        "import sys, voxplan.io_shell.local.worker;"
        " print(*sorted({'anyio', 'httpx', 'numpy', 'av', 'asyncio'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""
