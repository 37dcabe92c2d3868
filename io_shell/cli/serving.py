"""`voxplan serve`: the gateway for a routing spec or for a config of LiteLLM's, until it is told to stop."""

import logging
import os
import traceback
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from voxplan.io_shell.cli.access_lines import access_writer
from voxplan.io_shell.cli.orders import Serve
from voxplan.io_shell.cli.streams import tell
from voxplan.io_shell.errors import MissingExtra, RequestError

if TYPE_CHECKING:
    from voxplan.io_shell.gateway.app import GatewayOptions
    from voxplan.io_shell.serving.sources import Read

__all__ = ("carry_out",)

_NEEDS: Final = ("python_multipart", "starlette", "uvicorn")
_SHORTEST_KEY: Final = 16
_LOCAL: Final = "localhost"
_LITELLM_KEY: Final = "LITELLM_MASTER_KEY"
_TRACEBACK: Final = "VOXPLAN_TRACEBACK"


def carry_out(order: Serve) -> int:
    """Serve until told to end; the exit code."""
    if any(find_spec(name) is None for name in _NEEDS):
        raise MissingExtra("the gateway", "gateway")
    if order.workers > 1 and not hasattr(os, "fork"):
        raise RequestError("several workers need forks, which this system has not: start several gateways behind a balancer")
    from voxplan.io_shell.serving.command import Command, run  # noqa: PLC0415 - an extra
    from voxplan.io_shell.serving.sources import ConfigSource, SpecSource  # noqa: PLC0415 - the same

    _hear_faults()
    return run(
        Command(
            source=SpecSource(order.spec, os.environ)
            if order.config is None
            else ConfigSource(order.config, os.environ, needs_key=not os.environ.get(order.key_variable)),
            admitted=partial(_admitted, order),
            host=order.host,
            port=order.port,
            say=tell,
            workers=order.workers,
            grace_s=order.grace_s,
            watch=order.watch,
        )
    )


def _admitted(order: Serve, first: "Read") -> "Callable[[], GatewayOptions]":
    """What makes a gateway's options. Raises RequestError when nobody should serve with such a key."""
    from voxplan.io_shell.gateway.app import GatewayOptions  # noqa: PLC0415 - an extra

    master = _master_key(order, first)
    _look_at_key(master, order)
    options = GatewayOptions(key=master.key, access=access_writer(order.log))
    if order.keys is None:
        return lambda: options
    _look_at_keys(order.keys)
    return partial(_with_keys, order.keys, options)


def _with_keys(path: Path, options: "GatewayOptions") -> "GatewayOptions":
    """Each worker opens the file for itself."""
    from msgspec.structs import replace  # noqa: PLC0415 - with the rest

    from voxplan.io_shell.gateway.callers import StoredKeys  # noqa: PLC0415 - an extra

    return replace(options, keys=StoredKeys(path))


class _MasterKey(NamedTuple):
    """The key, or None, and where it stands or would."""

    key: str | None
    place: str


def _master_key(order: Serve, first: "Read") -> _MasterKey:
    """Our own variable goes before the config, so that a config can stay as it is; LiteLLM's own is asked last, as there."""
    found = [_MasterKey(os.environ.get(order.key_variable), f"`{order.key_variable}`")]
    if order.config is not None:
        found.append(_MasterKey(first.master_key, f"`{order.config}`"))
        found.append(_MasterKey(os.environ.get(_LITELLM_KEY), f"`{_LITELLM_KEY}`"))
    return next((each for each in found if each.key), _MasterKey(None, found[0].place))


def _look_at_key(master: _MasterKey, order: Serve) -> None:
    """A weak key is a warning where only this machine can reach the gateway, and an error elsewhere.

    Where there are virtual keys, no key is none that could be guessed.
    """
    if order.keys is not None if master.key is None else len(master.key) >= _SHORTEST_KEY:
        return
    weak = f"no key in {master.place}" if master.key is None else f"the master key in {master.place} is short"
    if not _is_loopback(order.host):
        raise RequestError(
            f"{weak}: on `{order.host}` anybody could use the providers; set `{order.key_variable}` to a key of at least "
            f"{_SHORTEST_KEY} letters, or listen on 127.0.0.1"
        )
    tell(f"{weak}: only for this machine")


def _look_at_keys(path: Path) -> None:
    """Whether the file can be used is found out before anything listens."""
    from voxplan.io_shell.keys.file import KeyFile  # noqa: PLC0415 - loads SQLite: only for who has such a file

    file = KeyFile(path)
    try:
        file.make()
    finally:
        file.close()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == _LOCAL


def _hear_faults() -> None:
    """What goes wrong in the gateway itself is told here: its callers only hear that something did."""
    handler = _Faults()
    for name, level in (("voxplan", logging.WARNING), ("uvicorn.error", logging.ERROR)):
        logger = logging.getLogger(name)
        logger.handlers = [each for each in logger.handlers if not isinstance(each, _Faults)] + [handler]
        logger.setLevel(level)


class _Faults(logging.Handler):
    """Tells a record in one line; with VOXPLAN_TRACEBACK, where it came from."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        problem = record.exc_info[1] if record.exc_info else None
        tell(" ".join(record.getMessage().split()) + ("" if problem is None else f": {_line(problem)}"))
        if problem is not None and os.environ.get(_TRACEBACK):
            traceback.print_exception(problem)


def _line(problem: BaseException) -> str:
    last = traceback.extract_tb(problem.__traceback__)[-1:]
    place = "".join(f" ({Path(each.filename).name}:{each.lineno})" for each in last)
    return " ".join(f"{type(problem).__name__}: {problem}".split()) + place
