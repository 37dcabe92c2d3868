"""Token services on this machine: Google's over HTTP, Entra's over TLS, and the keys that they know."""

import base64
import json
import ssl
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

__all__ = ("Asked", "TokenServer", "claims_of", "encrypted_server", "service_account", "token_server")


@dataclass(frozen=True)
class Asked:
    """One request: method, the server's own address, path, and the fields of the form."""

    method: str
    origin: str
    path: str
    form: dict[str, str]


Answer = Callable[[Asked], tuple[int, object]]


@dataclass
class TokenServer:
    """A server under way; `hold` keeps its answers back while it is not set. `reached` is set once it has been asked."""

    url: str
    asked: list[Asked] = field(default_factory=list[Asked])
    hold: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)


@contextmanager
def token_server(answer: Answer, context: ssl.SSLContext | None = None) -> Generator[TokenServer]:
    """A server that answers each request with a status and JSON."""
    served = TokenServer("")
    served.hold.set()

    class Handler(BaseHTTPRequestHandler):
        """Whatever the method."""

        def do_GET(self) -> None:
            """Answer."""
            self.do_POST()

        def do_POST(self) -> None:
            """Answer."""
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            asked = Asked(self.command, served.url, self.path, {name: values[0] for name, values in parse_qs(body).items()})
            served.asked.append(asked)
            served.reached.set()
            served.hold.wait(10)
            status, content = answer(asked)
            written = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    served.url = f"{'http' if context is None else 'https'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.hold.set()
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def encrypted_server(answer: Answer, folder: Path) -> Generator[tuple[TokenServer, Path]]:
    """The same over TLS, and the file with the certificate that it has to be believed by."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, key_pem = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_pem.write_bytes(_pem(key))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key_pem)
    with token_server(answer, context) as server:
        yield server, pem


def service_account(token_uri: str, key: rsa.RSAPrivateKey) -> dict[str, str]:
    """The content of a key file."""
    return {
        "type": "service_account",
        "project_id": "own-project",
        "private_key_id": "key-1",
        "private_key": _pem(key).decode(),
        "client_email": "robot@own-project.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": token_uri,
    }


def claims_of(assertion: str, key: rsa.RSAPrivateKey) -> tuple[dict[str, object], dict[str, object]]:
    """Header and claims of a JWT, whose signature is that of `key`; raises for any other."""
    signed, _, signature = assertion.rpartition(".")
    key.public_key().verify(_unpadded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    header, claims = (json.loads(_unpadded(part)) for part in signed.split("."))
    return header, claims


def _unpadded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
