"""A worker on trio, without the gateway: whatever recording appears in a folder gets its text beside it.

    pip install 'voxplan[local]' trio
    python examples/trio_service.py recordings/

The calls are hedged, as hedged.yaml says. Three recordings are under way at once, and a fourth waits. Ctrl-C stops every call at
once and leaves nothing half done: what has no text yet is found again the next time.
"""

import signal
import sys
from pathlib import Path

import trio

import voxplan

SPEC = Path(__file__).with_name("hedged.yaml")
AUDIO = {".flac", ".m4a", ".mp3", ".ogg", ".wav", ".webm"}
AT_ONCE = 3
LOOK_EVERY_S = 0.5


async def work(folder: Path) -> None:
    """Transcribe whatever comes, for ever."""
    found, recordings = trio.open_memory_channel[Path](0)  # nothing is taken on before somebody is free
    async with voxplan.open(SPEC) as vox, trio.open_nursery() as nursery:
        nursery.start_soon(watch, folder, found)
        for _ in range(AT_ONCE):
            nursery.start_soon(transcribe, vox, recordings.clone())


async def watch(folder: Path, found: trio.MemorySendChannel[Path]) -> None:
    """Hand over each recording once, as soon as it has stopped growing."""
    sizes: dict[Path, int] = {}
    done: set[Path] = set()
    while True:
        for path in sorted(await trio.to_thread.run_sync(lambda: list(folder.iterdir()))):
            if path.suffix.lower() not in AUDIO or path in done or text_of(path).exists():
                continue
            before, sizes[path] = sizes.get(path), path.stat().st_size
            if before == sizes[path]:
                done.add(path)
                await found.send(path)
        await trio.sleep(LOOK_EVERY_S)


async def transcribe(vox: voxplan.Vox, recordings: trio.MemoryReceiveChannel[Path]) -> None:
    """One recording after another. What fails is told, and does not stop the others."""
    async for path in recordings:
        try:
            answer = await vox.transcribe(path)
        except voxplan.VoxplanError as error:
            print(f"{path.name}: {error}", file=sys.stderr, flush=True)
            continue
        unfinished = text_of(path).with_suffix(".part")
        unfinished.write_text(f"{answer.text}\n", encoding="utf-8")
        unfinished.replace(text_of(path))  # whole or not at all
        print(f"{path.name}: heard by {answer.served_by}, {len(answer.attempts)} calls", flush=True)


def text_of(recording: Path) -> Path:
    """Where the text of a recording goes."""
    return recording.with_name(f"{recording.name}.txt")


async def main(folder: Path) -> None:
    """Work until somebody says stop."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(work, folder)
            print(f"watching {folder}", flush=True)
            async for _ in signals:
                nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1] if len(sys.argv) > 1 else "."))
