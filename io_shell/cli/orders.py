"""What the command line can be told to do, as data: one struct for each command."""

from pathlib import Path

import msgspec

from voxplan.engine.terms.failure import FailureKind
from voxplan.engine.terms.request import AudioFacts, Options
from voxplan.io_shell.cli.access_lines import LogForm

__all__ = (
    "Check",
    "Compare",
    "CreateKey",
    "ImportLitellm",
    "ListKeys",
    "Order",
    "RevokeKey",
    "RunTests",
    "Serve",
    "ShowCapabilities",
    "ShowPlan",
    "ShowProviders",
    "ShowSchema",
    "Transcribe",
    "Way",
)


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller says about the way of a request: who asks, what it is tagged with, fallbacks, failures to pretend."""

    route: str | None = None
    user: str | None = None
    tags: tuple[str, ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()
    fallbacks: tuple[str, ...] = ()
    deadline: str | None = None
    retries: int | None = None
    simulate: tuple[tuple[str, FailureKind], ...] = ()
    mock_testing_fallbacks: bool = False


class Transcribe(msgspec.Struct, frozen=True, kw_only=True):
    """Transcribe `files` (`-` is standard input) through a spec; without `output`, transcripts go to standard output.

    `speakers` are names with the files that their voices are in. `options.stream`: the text of the one file as it comes.
    """

    files: tuple[str, ...]
    spec: Path | None = None
    way: Way = Way()
    options: Options = Options()
    speakers: tuple[tuple[str, str], ...] = ()
    seed: int | None = None
    output: Path | None = None
    force: bool = False
    json: bool = False
    quiet: bool = False
    trail: bool = False


class ShowPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Plan one request and send nothing. `moment_ms` and `seed` None are now and chance; `view` is a file."""

    spec: Path | None = None
    way: Way = Way()
    audio: AudioFacts = AudioFacts()
    options: Options = Options()
    speakers: tuple[tuple[str, str], ...] = ()
    view: Path | None = None
    moment_ms: int | None = None
    seed: int | None = None
    edges: bool = False
    json: bool = False


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """Read, check and compile `specs`; `strict` makes warnings errors."""

    specs: tuple[Path, ...]
    strict: bool = False
    json: bool = False


class ShowCapabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the models of `provider` (None: of all), or of the deployments of `spec`."""

    provider: str | None = None
    spec: Path | None = None
    json: bool = False


class ShowProviders(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of all providers, or everything about `provider`."""

    provider: str | None = None
    json: bool = False


class RunTests(msgspec.Struct, frozen=True, kw_only=True):
    """Run the policy tests of `specs`."""

    specs: tuple[Path, ...]
    json: bool = False


class Compare(msgspec.Struct, frozen=True, kw_only=True):
    """Say what the specs `old` and `new` plan differently."""

    old: Path
    new: Path
    json: bool = False


class Serve(msgspec.Struct, frozen=True, kw_only=True):
    """Serve `spec`, or LiteLLM's `config`; callers show the key that stands in the environment variable `key_variable`.

    `keys` is the file of virtual keys, made when there is none; `grace_s` is how long requests under way may take to end; `watch`
    reads the file again when it changes; `log` None is as standard output wants it.
    """

    spec: Path = Path()
    config: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    key_variable: str = "VOXPLAN_MASTER_KEY"
    keys: Path | None = None
    workers: int = 1
    grace_s: float = 30
    watch: bool = True
    log: LogForm | None = None


class ImportLitellm(msgspec.Struct, frozen=True, kw_only=True):
    """Make a spec of LiteLLM's `config`; without `output` it is printed, and `force` replaces a file that exists."""

    config: Path
    output: Path | None = None
    force: bool = False
    json: bool = False


class CreateKey(msgspec.Struct, frozen=True, kw_only=True):
    """Make a virtual key in the file `store`.

    `expires` is a time from now or a day, None for never; `allowed` are routes and deployments, of `spec` if there is one, and
    none are all.
    """

    name: str
    store: Path
    expires: str | None = None
    allowed: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    may_simulate: bool = False
    sees_trail: bool = False
    spec: Path | None = None
    json: bool = False


class ListKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Show the keys in `store`; `everything` includes those that were revoked."""

    store: Path
    everything: bool = False
    json: bool = False


class RevokeKey(msgspec.Struct, frozen=True, kw_only=True):
    """End the key of this name or id."""

    name: str
    store: Path
    json: bool = False


class ShowSchema(msgspec.Struct, frozen=True, kw_only=True):
    """Print the JSON Schema of a spec."""


_OfKeys = CreateKey | ListKeys | RevokeKey
Order = (
    Transcribe
    | ShowPlan
    | Check
    | ShowCapabilities
    | ShowProviders
    | RunTests
    | Compare
    | ImportLitellm
    | Serve
    | _OfKeys
    | ShowSchema
)
