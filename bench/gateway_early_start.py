"""What it gains that the gateway starts the first call while the upload still runs.

    python bench/gateway_early_start.py [ROUNDS]

A client uploads a recording in two seconds; a provider on this machine takes its body at a limited rate as well, and answers at
its end. One time the client says how long its body is, so that the call can start early; the other time it sends
chunks, so that nothing can be foretold. The two take turns. What is gained is the shorter of the two ways.
"""

import asyncio
import io
import sys
import threading
import wave
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter, sleep
from typing import Final

import httpx
import uvicorn

from voxplan.engine.language.spec import Deployment, RouteNode, Spec
from voxplan.io_shell.gateway.app import Gateway, gateway

_ROUNDS: Final = 5
_BYTES: Final = 4_000_000
_UPLOAD_S: Final = 2.0
_PIECE: Final = 20_000
_BOUNDARY: Final = "bench"
_HEADERS: Final = {"content-type": f"multipart/form-data; boundary={_BOUNDARY}"}
_ANSWER: Final = b'{"text":"measured"}'
# How long the provider takes for the body, by what is said of it.
_PROVIDERS: Final = {"as slow as the client": _UPLOAD_S, "four times as fast": _UPLOAD_S / 4, "without a limit": 0.0}


def main() -> None:
    """Measure each provider, both ways in turn."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else _ROUNDS
    body = _form()
    print(f"{_BYTES / 1e6:g} MB uploaded in {_UPLOAD_S:g} s, medians of {rounds}")
    print(f"{'the provider takes them':28}{'in order':>10}{'early':>10}{'gained':>10}")
    for name, takes_s in _PROVIDERS.items():
        with _provider(takes_s) as port, _served(_spec(port)) as address:
            _posted(address, body, early=True)  # connections, imports
            spent: dict[bool, list[float]] = {False: [], True: []}
            for _ in range(rounds):
                for early in (False, True):
                    spent[early].append(_posted(address, body, early=early))
            ordinary, soon = median(spent[False]), median(spent[True])
            print(f"{name:28}{ordinary:8.2f} s{soon:8.2f} s{ordinary - soon:8.2f} s")


def _form() -> bytes:
    model = f'--{_BOUNDARY}\r\ncontent-disposition: form-data; name="model"\r\n\r\nroute\r\n'
    file = f'--{_BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="talk.wav"\r\n\r\n'
    return (model + file).encode() + _silence() + f"\r\n--{_BOUNDARY}--\r\n".encode()


def _silence() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(16_000)
        audio.writeframes(bytes(_BYTES))
    return file.getvalue()


def _posted(address: str, body: bytes, *, early: bool) -> float:
    """One request, and the seconds that it took."""
    headers = {**_HEADERS, **({"content-length": str(len(body))} if early else {})}
    begun = perf_counter()
    answer = httpx.post(f"{address}/v1/audio/transcriptions", content=_slowly(body), headers=headers, timeout=60)
    if answer.text != _ANSWER.decode():
        raise SystemExit(f"{answer.status_code}: {answer.text}")
    return perf_counter() - begun


def _slowly(body: bytes) -> Iterator[bytes]:
    begun = perf_counter()
    for offset in range(0, len(body), _PIECE):
        ahead = begun + offset / len(body) * _UPLOAD_S - perf_counter()
        if ahead > 0:
            sleep(ahead)
        yield body[offset : offset + _PIECE]


def _spec(port: int) -> Spec:
    deployment = Deployment(provider="openai_compatible", model="m", base_url=f"http://127.0.0.1:{port}/v1")
    return Spec(voxplan=1, deployments={"one": deployment}, routes={"route": RouteNode(use="one")})


@contextmanager
def _served(spec: Spec) -> Generator[str]:
    app: Gateway = gateway(spec, environment={})
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def _provider(takes_s: float) -> Generator[int]:
    """A provider that takes so long for a body; its port."""
    loop, ports = asyncio.new_event_loop(), list[int]()
    ready = threading.Event()

    async def serve() -> None:
        server = await asyncio.start_server(lambda reader, writer: _answer(reader, writer, takes_s), "127.0.0.1", 0, limit=_PIECE)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()

    thread = threading.Thread(target=lambda: (loop.run_until_complete(serve()), loop.run_forever()), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, takes_s: float) -> None:
    """One request, and the end of its connection."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    left = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
    begun, length = perf_counter(), left
    while left > 0:
        left -= len(await reader.read(_PIECE))
        await asyncio.sleep(max(0.0, begun + (length - left) / length * takes_s - perf_counter()))
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(_ANSWER)
    writer.write(head + _ANSWER)
    await writer.drain()
    writer.close()


if __name__ == "__main__":
    main()
