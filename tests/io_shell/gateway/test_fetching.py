"""Audio by its address, from real servers: what is fetched, what is refused, and that nothing of the address is ever told."""

import datetime as dt
import ipaddress
import logging
import os
import ssl
import tempfile
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

import anyio
import anyio.abc
import anyio.lowlevel
import anyio.streams.tls
import pytest

from tests.conformance.behaviours import Behaviour, Drip, Hang, HangUp, Reply, Truncate
from tests.conformance.requests_seen import Seen
from tests.conformance.socket_server import SocketServer, closed_port
from voxplan.engine.language.gateway import Urls
from voxplan.engine.terms.quantity import Span
from voxplan.io_shell.audio.source import AudioSource
from voxplan.io_shell.gateway.envelopes import Refused
from voxplan.io_shell.gateway.fetching import Means, fetched

pytestmark = pytest.mark.anyio

SOUND: Final = b"fLaC" + bytes(range(256)) * 4
LONG: Final = b"fLaC" + bytes(range(256)) * 12_000
HERE: Final = Urls(networks=("127.0.0.0/8",))
SECRET: Final = "signature-0123456789abcdef"
MOST: Final = 1 << 24


def answering(_: Seen, text: str) -> Reply:
    """What an honest server of these tests answers."""
    return Reply(200, SOUND if text else b"", content_type="audio/flac")


def redirect(location: str, status: int = 302) -> Reply:
    """A redirect."""
    return Reply(status, headers=(("Location", location),))


def saying(*addresses: str) -> Means:
    """A resolver to which every name means these; once they are used up it says nothing."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        assert host
        assert port
        await anyio.lowlevel.checkpoint()
        return addresses

    return Means(resolve)


def rebinding(*answers: str) -> tuple[Means, list[str]]:
    """A resolver that says something else each time, and what was asked of it."""
    left, asked = list(answers), list[str]()

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(f"{host}:{port}")
        await anyio.lowlevel.checkpoint()
        return [left.pop(0)]

    return Means(resolve), asked


async def whole(audio: AudioSource) -> bytes:
    """All of it."""
    return b"".join([chunk async for chunk in audio.chunks()])


async def refusal(url: str, rules: Urls = HERE, means: Means | None = None, most: int = MOST) -> Refused:
    """How this address is refused; nothing of it is told."""
    context: AbstractAsyncContextManager[AudioSource] = fetched(url, rules, most, *([] if means is None else [means]))
    with pytest.raises(Refused) as caught:
        async with context:
            pass
    problem = caught.value.problem
    assert problem.param == "url"
    assert SECRET not in problem.message
    assert "127.0.0" not in problem.message
    return caught.value


@pytest.mark.parametrize("data", [b"", SOUND, LONG], ids=["empty", "small", "large"])
async def test_what_lies_there_is_audio_like_an_upload(data: bytes) -> None:
    """It can be read twice, and its name is the last one of the path, with an extension that fits."""
    with SocketServer(answering, [Reply(200, data)]) as server:
        async with fetched(f"http://127.0.0.1:{server.port}/a/t%C3%A4lk.bin?{SECRET}", HERE, MOST) as audio:
            assert [await whole(audio), await whole(audio)] == [data, data]
            assert audio.size == len(data)
            assert audio.filename == ("tälk.flac" if data else "tälk.bin")
        seen = server.seen[0]
    assert (seen.method, seen.target) == ("GET", f"/a/t%C3%A4lk.bin?{SECRET}")
    assert seen.headers["host"] == f"127.0.0.1:{server.port}"
    assert seen.headers["accept-encoding"] == "identity"
    assert not {"authorization", "cookie", "referer"} & seen.headers.keys()


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="meeting.flac"', "meeting.flac"),
        ("attachment; filename*=UTF-8''p%C3%A4iv%C3%A4.flac", "päivä.flac"),
        ('attachment; filename="../../etc/passwd"', "passwd.flac"),
        ("attachment", "talk.flac"),
        (";;=", "talk.flac"),
        ("; filename*=undefined''a", "talk.flac"),
        ("; filename*=a; filename*0*=b", "talk.flac"),
        ("; filename*0*=idna''a", "talk.flac"),
        ('a; filename="' + ";" * 60_000 + '"', "talk.flac"),
    ],
)
async def test_the_host_may_name_it(disposition: str, name: str) -> None:
    """As a bare name; what cannot be read, or would take long to, is no name."""
    with SocketServer(answering, [Reply(200, SOUND, headers=(("Content-Disposition", disposition),))]) as server:
        async with fetched(f"http://127.0.0.1:{server.port}/talk.mp3", HERE, MOST) as audio:
            assert audio.filename == name


@pytest.mark.parametrize(
    "url",
    [
        *(
            "ftp://example.com/a",
            "file:///etc/passwd",
            "data:audio/wav;base64,AAAA",
            "gopher://example.com",
            "//example.com/a",
            "a",
        ),
        *(
            "http://",
            "https:///a",
            "https://xn--a*/",
            "http://[::1",
            "http://exa mple.com/",
            "http://example.com:99999/",
            "http://\x00/",
            "",
        ),
        *(f"https://user:{SECRET}@example.com/a", "https://user@example.com/", "https://example.com/" + "a" * 9000),
    ],
)
async def test_what_no_caller_may_ask(url: str) -> None:
    """Other schemes, what is no address, credentials in it, more than any address has; no name is even looked up."""
    means, asked = rebinding()
    assert (await refusal(url, means=means)).problem.status == 400
    assert asked == []


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "0.0.0.0", "169.254.169.254", "10.0.0.1"),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]", "[2002:7f00:1::1]", "[fe80::1]"),
        *("localhost", "LOCALHOST.", "①②⑦.⓪.⓪.①"),
    ],
)
async def test_this_machine_and_its_neighbours_are_not_asked(host: str) -> None:
    """However they are written; the machine's own resolver says what the writing means."""
    with SocketServer(answering) as server:
        refused = await refusal(f"http://{host}:{server.port}/a?{SECRET}", Urls())
        assert (refused.problem.status, server.connections) == (400, 0)


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["8.8.8.8", "::1"], [], ["no address"]])
async def test_a_name_with_one_address_inside_is_refused(addresses: list[str]) -> None:
    """In the same words as a name that means nothing."""
    refused = await refusal("https://example.com/a", Urls(), saying(*addresses))
    assert refused.problem.message == "`url` leads to no public address"


async def test_a_name_is_asked_for_once_and_what_it_meant_is_what_is_connected_to() -> None:
    """A name that means something else afterwards changes nothing: the second answer is never asked for."""
    with SocketServer(answering) as outside, SocketServer(answering) as inside:
        means, asked = rebinding("127.0.0.1", "127.0.0.2")
        url = f"http://rebinding.example:{outside.port}/a"
        async with fetched(url, Urls(networks=("127.0.0.1/32",)), MOST, means) as audio:
            assert await whole(audio) == SOUND
        assert (asked, inside.connections) == ([f"rebinding.example:{outside.port}"], 0)
        assert outside.seen[0].headers["host"] == f"rebinding.example:{outside.port}"


async def test_a_name_that_turns_inside_between_redirects_is_refused() -> None:
    """Every hop is looked at anew."""
    with SocketServer(answering) as server:
        server.expect(redirect("/again"))
        means, asked = rebinding("127.0.0.1", "127.0.0.2")
        refused = await refusal(f"http://rebinding.example:{server.port}/", Urls(networks=("127.0.0.1/32",)), means)
        assert refused.problem.message == "a redirect of `url` leads to no public address"
        assert (len(asked), server.connections) == (2, 1)


@pytest.mark.parametrize(
    ("location", "why"),
    [
        ("http://127.0.0.2/", "a redirect of `url` leads to no public address"),
        ("http://169.254.169.254/latest/meta-data/", "a redirect of `url` leads to no public address"),
        ("http://[::1]:80/", "a redirect of `url` leads to no public address"),
        ("http://2130706434/", "a redirect of `url` leads to no public address"),
        ("file:///etc/passwd", "a redirect of `url` is no `https://` or `http://` address"),
        ("http://user:pass@127.0.0.1/", "a redirect of `url` has a user or a password in it, which is not taken"),
        ("http://[broken", "a redirect of `url` is no address"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_go_through_the_same_guard(location: str, why: str, status: int) -> None:
    """The message names no address."""
    with SocketServer(answering, [redirect(location, status)]) as server:
        refused = await refusal(f"http://127.0.0.1:{server.port}/", Urls(networks=("127.0.0.1/32",)))
        assert (refused.problem.message, server.connections) == (why, 1)


async def test_redirects_are_followed_five_times() -> None:
    """Relative ones too; not a sixth time."""
    with SocketServer(answering, [redirect("../next")] * 5) as server:
        async with fetched(f"http://127.0.0.1:{server.port}/a/b?{SECRET}", HERE, MOST) as audio:
            assert await whole(audio) == SOUND
        assert [seen.target for seen in server.seen] == [f"/a/b?{SECRET}", *["/next"] * 5]
        server.expect(*[redirect("/next")] * 6)
        refused = await refusal(f"http://127.0.0.1:{server.port}/")
        assert refused.problem.message == "`url` redirects more than 5 times"


async def test_only_hosts_of_the_spec_are_asked() -> None:
    """Also by redirects."""
    with SocketServer(answering) as server:
        rules = Urls(hosts=("media.example", "*.cdn.example"), networks=HERE.networks)
        for host in ("media.example", "MEDIA.example.", "a.b.cdn.example"):
            async with fetched(f"http://{host}:{server.port}/", rules, MOST, saying("127.0.0.1")) as audio:
                assert audio.size
        for host in ("other.example", "cdn.example", "media.example.evil.example", "127.0.0.1", "xcdn.example"):
            refused = await refusal(f"http://{host}:{server.port}/", rules, saying("127.0.0.1"))
            assert refused.problem.message == "`url` leads to a host that this gateway does not ask"
        server.expect(redirect("http://other.example/"))
        refused = await refusal(f"http://media.example:{server.port}/", rules, saying("127.0.0.1"))
        assert refused.problem.message == "a redirect of `url` leads to a host that this gateway does not ask"


async def test_other_ports_need_somebody_who_vouches() -> None:
    """A public host may be asked on the ports of the web, unless the spec names the host or its network."""
    refused = await refusal("https://example.com:25/", Urls(), saying("8.8.8.8"))
    assert refused.problem.message == "`url` has the port 25: expected 80 or 443"


async def test_too_large_is_over_at_the_limit() -> None:
    """413 by what the host says of its length, and by what really comes."""
    with SocketServer(answering, [Reply(200, SOUND), Reply(200, pieces=tuple([SOUND] * 100))]) as server:
        for _ in range(2):
            refused = await refusal(f"http://127.0.0.1:{server.port}/", most=len(SOUND) - 1)
            assert (refused.problem.status, refused.problem.code) == (413, "file_too_large")
        async with fetched(f"http://127.0.0.1:{server.port}/", HERE, len(SOUND)) as audio:
            assert audio.size == len(SOUND)


@pytest.mark.parametrize("behaviour", [Hang(), Drip(pause_s=0.02, text="x")])
async def test_the_time_holds_for_all_of_it(behaviour: Behaviour) -> None:
    """A host that says nothing, and one that never stops."""
    with SocketServer(answering, [behaviour]) as server:
        rules = Urls(networks=HERE.networks, timeout=Span(200))
        refused = await refusal(f"http://127.0.0.1:{server.port}/", rules)
        assert (refused.problem.status, refused.problem.code) == (400, "url_timed_out")


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (Reply(404, SECRET.encode()), "its host answers 404"),
        (Reply(403), "its host answers 403"),
        (Reply(206, SOUND), "its host answers 206"),
        (Reply(200, SOUND, headers=(("Content-Encoding", "gzip"),)), "compressed"),
        (HangUp(), "does not answer"),
        (Truncate(body=SOUND), "broke"),
        (Truncate(body=SOUND, reset=True), "broke"),
    ],
)
async def test_what_goes_wrong_is_said(behaviour: Behaviour, why: str) -> None:
    """As the caller's problem: the address is theirs."""
    with SocketServer(answering, [behaviour]) as server:
        refused = await refusal(f"http://127.0.0.1:{server.port}/?{SECRET}")
        assert refused.problem.status == 400
        assert why in refused.problem.message


async def test_a_disk_that_cannot_hold_it_is_the_servers_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No file can be made: 503."""
    monkeypatch.setattr(tempfile, "tempdir", os.fspath(tmp_path / "missing"))
    with SocketServer(answering, [Reply(200, LONG)]) as server:
        refused = await refusal(f"http://127.0.0.1:{server.port}/")
        assert (refused.problem.status, refused.problem.code) == (503, "no_room")


async def test_nobody_there() -> None:
    """A host that cannot be reached; of several addresses the first one that can be."""
    refused = await refusal(f"http://127.0.0.1:{closed_port()}/")
    assert "does not answer" in refused.problem.message
    with SocketServer(answering) as server:
        async with fetched(f"http://two.example:{server.port}/", HERE, MOST, saying("127.0.0.3", "127.0.0.1")) as audio:
            assert audio.size == len(SOUND)


async def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would resolve the name itself."""
    with SocketServer(answering) as proxy, SocketServer(answering) as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        async with fetched(f"http://127.0.0.1:{server.port}/", HERE, MOST) as audio:
            assert audio.size
        assert proxy.connections == 0


async def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the address nor where it redirects to, at any level."""
    with caplog.at_level(logging.DEBUG), SocketServer(answering) as server:
        server.expect(redirect(f"/next?{SECRET}"))
        async with fetched(f"http://127.0.0.1:{server.port}/?{SECRET}", HERE, MOST) as audio:
            assert audio.size
    assert SECRET not in caplog.text


async def test_who_leaves_while_it_is_fetched_leaves_nothing() -> None:
    """The connection is closed at once."""
    asked = anyio.Event()

    async def resolve(host: str, port: int) -> Sequence[str]:
        assert (host, port) == ("hanging.example", server.port)
        asked.set()
        await anyio.lowlevel.checkpoint()
        return ["127.0.0.1"]

    with SocketServer(answering, [Hang()]) as server:
        async with anyio.create_task_group() as tasks:

            async def fetch() -> None:
                async with fetched(f"http://hanging.example:{server.port}/", HERE, MOST, Means(resolve)):
                    raise AssertionError("nothing came")

            tasks.start_soon(fetch)
            with anyio.fail_after(10):
                await asked.wait()
            tasks.cancel_scope.cancel()


class Tls:
    """A server of TLS that has a certificate for `names`, and answers each connection with the sound."""

    def __init__(self, folder: Path, name: str) -> None:
        x509 = pytest.importorskip("cryptography.x509")
        hashes = pytest.importorskip("cryptography.hazmat.primitives.hashes")
        serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
        curves = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
        key, now = curves.generate_private_key(curves.SECP256R1()), dt.datetime.now(dt.UTC)
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        try:
            alternative = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            alternative = x509.DNSName(name)
        certificate = (
            x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = serialization.Encoding.PEM
        plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file = folder / f"{name}.pem"
        file.write_bytes(key.private_bytes(pem, *plain) + certificate.public_bytes(pem))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(file)
        self.trust = ssl.create_default_context(cafile=str(file))
        self.names: list[str | None] = []
        self.context.sni_callback = lambda _socket, name, _context: self.names.append(name)

    async def serve(self, *, task_status: anyio.abc.TaskStatus[int]) -> None:
        """Answer until cancelled; tells its port."""
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port: int = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - not Django's
        task_status.started(port)
        async with listener:
            await listener.serve(self._answer)

    async def _answer(self, client: anyio.abc.SocketStream) -> None:
        async with client:
            await self._answered(client)

    async def _answered(self, client: anyio.abc.SocketStream) -> None:
        try:
            stream = await anyio.streams.tls.TLSStream.wrap(client, server_side=True, ssl_context=self.context)
            await stream.receive()
            await stream.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(SOUND) + SOUND)
            await stream.aclose()
        except (anyio.BrokenResourceError, anyio.EndOfStream, ssl.SSLError):
            return  # the client did not like the certificate


@pytest.mark.parametrize("name", ["media.example", "127.0.0.1"])
async def test_the_certificate_is_that_of_the_name(tmp_path: Path, name: str) -> None:
    """Though the connection goes to an address; another name's certificate is none."""
    server = Tls(tmp_path, name)
    async with anyio.create_task_group() as tasks:
        port: int = await tasks.start(server.serve)
        means = Means(saying("127.0.0.1").resolve, server.trust)
        async with fetched(f"https://{name}:{port}/", HERE, MOST, means) as audio:
            assert await whole(audio) == SOUND
        assert server.names == [None if name == "127.0.0.1" else name]
        refused = await refusal(f"https://other.example:{port}/", means=means)
        assert "valid certificate" in refused.problem.message
        tasks.cancel_scope.cancel()
