"""`voxplan serve`: the gateway for a routing spec, until it is told to stop."""

import os
from ipaddress import ip_address
from typing import Final

from voxplan.io_shell.cli.orders import Serve
from voxplan.io_shell.cli.streams import tell
from voxplan.io_shell.errors import MissingExtra, RequestError

__all__ = ("carry_out",)

_SHORTEST_KEY: Final = 16
_LOCAL: Final = "localhost"


def carry_out(order: Serve) -> int:
    """Serve until interrupted; 0."""
    try:
        import uvicorn  # noqa: PLC0415 - an extra

        from voxplan.io_shell.gateway.app import GatewayOptions, gateway  # noqa: PLC0415 - the same
    except ImportError:
        raise MissingExtra("the gateway", "gateway") from None
    key = os.environ.get(order.key_variable) or None
    _look_at_key(key, order)
    app = gateway(order.spec, GatewayOptions(key=key))
    tell(f"listening on http://{_shown(order.host)}:{order.port}/v1/audio/transcriptions")
    uvicorn.run(app, host=order.host, port=order.port, log_level="warning", timeout_graceful_shutdown=order.grace_s)
    return 0


def _look_at_key(key: str | None, order: Serve) -> None:
    """A weak key is a warning where only this machine can reach the gateway, and an error elsewhere."""
    if key is not None and len(key) >= _SHORTEST_KEY:
        return
    weak = f"no key in `{order.key_variable}`" if key is None else f"the key in `{order.key_variable}` is short"
    if not _is_loopback(order.host):
        raise RequestError(
            f"{weak}: on `{order.host}` anybody could use the providers; set a key of at least {_SHORTEST_KEY} letters, "
            f"or listen on 127.0.0.1"
        )
    tell(f"{weak}: only for this machine")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == _LOCAL


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
