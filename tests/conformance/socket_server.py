"""A real HTTP server that follows a script, in a thread with an event loop of its own, so that tests on any loop can talk to it.

It speaks through h11 and owns its sockets, because it has to misbehave on them: hang, drip, break off, reset. What an honest
answer is, a judge says: a function from the request seen (and what is to be heard in it) to a reply.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self, assert_never

import h11

from tests.conformance.behaviours import Behaviour, BreakStream, Drip, Hang, HangUp, Honest, Reply, ResetUpload, Truncate
from tests.conformance.requests_seen import Seen, form_of

__all__ = ("Judge", "SocketServer", "closed_port")

Judge = Callable[[Seen, str], Reply]

_READ_BYTES: Final = 65_536
_START_S: Final = 10.0
_SEEN_S: Final = 0.05  # a reset overtakes what has been sent and not yet read

# From the kernel's accept to a client it takes asyncio three rounds of its loop. A server that is closed in between leaves the
# socket open (`Server._attach` fails, and nobody closes the transport), so those who have just come are let in first.
_ROUNDS_UNTIL_A_CLIENT: Final = 4


def closed_port() -> int:
    """A port of this machine that refuses connections."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class SocketServer:
    """`with SocketServer(judge, script) as server`: the i-th request meets the i-th behaviour, later ones an honest answer."""

    def __init__(self, judge: Judge, script: Sequence[Behaviour] = (), port: int = 0) -> None:
        self.seen: list[Seen] = []
        self.connections = 0
        self.port = port
        self._judge = judge
        self._script = list(script)
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(_START_S), "the server did not start"
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_START_S)

    async def _run(self) -> None:
        """Serve until told to stop, then leave nothing running."""
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        clients: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

        def on_client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            clients[asyncio.ensure_future(_Client(self, reader, writer).serve())] = writer

        server = await asyncio.start_server(on_client, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stop.wait()
        for _ in range(_ROUNDS_UNTIL_A_CLIENT):
            await asyncio.sleep(0)
        server.close()
        for task, writer in clients.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*clients, return_exceptions=True)
        await asyncio.sleep(0)  # an aborted transport closes its socket in the next round

    def expect(self, *script: Behaviour) -> None:
        """Let the next requests meet these."""
        self._script.extend(script)

    def next_behaviour(self) -> Behaviour:
        """What to do with the request that has just begun."""
        return self._script.pop(0) if self._script else Honest()

    def judged(self, seen: Seen, text: str) -> Reply:
        """The honest answer."""
        return self._judge(seen, text)


class _Client:
    """One connection."""

    def __init__(self, server: SocketServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._http = h11.Connection(h11.SERVER)

    async def serve(self) -> None:
        """Request after request, until one side closes."""
        try:
            while await self._exchange():
                self._http.start_next_cycle()
        except (ConnectionError, h11.RemoteProtocolError):
            pass  # clients of these tests leave in the middle
        finally:
            self._writer.close()

    async def _exchange(self) -> bool:
        """One request; whether another may follow on this connection."""
        head = await self._event()
        if not isinstance(head, h11.Request):
            return False
        behaviour = self._server.next_behaviour()
        body = await self._body(behaviour)
        if body is None:
            self._reset()
            return False
        seen = _seen(head, body)
        self._server.seen.append(seen)
        return await self._act(behaviour, seen)

    async def _act(self, behaviour: Behaviour, seen: Seen) -> bool:
        match behaviour:
            case Honest(text=text):
                return await self._reply(self._server.judged(seen, text))
            case Reply():
                return await self._reply(behaviour)
            case Drip(pause_s=pause_s, text=text):
                return await self._reply(self._server.judged(seen, text), pause_s)
            case Truncate(missing=missing, reset=reset, body=body, status=status):
                self._head(Reply(status, body))
                self._send(h11.Data(data=body[:-missing]))
                await self._writer.drain()
                if reset:
                    self._reset()
            case BreakStream(after=after, text=text):
                reply = self._server.judged(seen, text)
                self._head(reply)
                for piece in reply.pieces[:after]:
                    self._send(h11.Data(data=piece))
                    await self._writer.drain()
                await asyncio.sleep(_SEEN_S)
                self._reset()
            case Hang():
                await self._reader.read()
            case HangUp() | ResetUpload():
                pass
            case _:
                assert_never(behaviour)
        return False

    async def _reply(self, reply: Reply, pause_s: float = 0.0) -> bool:
        self._head(reply)
        whole = reply.pieces or (reply.body,)
        for piece in [bytes([byte]) for byte in b"".join(whole)] if pause_s else whole:
            if pause_s:
                await asyncio.sleep(pause_s)
            self._send(h11.Data(data=piece))
            await self._writer.drain()
        self._send(h11.EndOfMessage())
        await self._writer.drain()
        return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    def _head(self, reply: Reply) -> None:
        length = ("Transfer-Encoding", "chunked") if reply.pieces else ("Content-Length", str(len(reply.body)))
        headers = [("Content-Type", reply.content_type), length, *reply.headers]
        self._send(h11.Response(status_code=reply.status, headers=headers))

    def _send(self, event: h11.Response | h11.Data | h11.EndOfMessage) -> None:
        self._writer.write(self._http.send(event) or b"")

    async def _body(self, behaviour: Behaviour) -> bytes | None:
        """The whole body; None as soon as it is to be broken off."""
        body = bytearray()
        while isinstance(event := await self._event(), h11.Data):
            body += event.data
            if isinstance(behaviour, ResetUpload) and len(body) >= behaviour.after_bytes:
                return None
        return bytes(body)

    async def _event(self) -> h11.Event | None:
        """What the client said next; None when it may not speak before it has been answered."""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._reader.read(_READ_BYTES))
        return event if isinstance(event, h11.Event) else None

    def _reset(self) -> None:
        """Close so that the peer gets RST and not FIN: lingering for no time throws away what is unsent."""
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


def _seen(head: h11.Request, body: bytes) -> Seen:
    headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
    form = form_of(headers.get("content-type", ""), body)
    return Seen(head.method.decode(), head.target.decode(), headers, len(body), form, body)
