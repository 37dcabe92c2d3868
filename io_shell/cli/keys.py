"""`voxplan keys`: virtual keys for a gateway, made, listed and revoked in their file, whether or not a gateway runs.

The secret of a new key is all that its command writes on standard output, so that a script can take it from there.
"""

from datetime import datetime
from typing import assert_never

from rich.table import Table
from rich.text import Text

from voxplan.engine.terms.spelling import listed
from voxplan.io_shell.cli.orders import CreateKey, ListKeys, RevokeKey
from voxplan.io_shell.cli.streams import draw, printable, tell, write_json, write_result
from voxplan.io_shell.keys.asking import NewKey, asked_moment, require_known
from voxplan.io_shell.keys.file import KeyFile
from voxplan.io_shell.keys.key import VirtualKey, moment_text, shown
from voxplan.io_shell.loading import load

__all__ = ("carry_out",)


def carry_out(order: CreateKey | ListKeys | RevokeKey) -> int:
    """Make, show or end keys; the exit code."""
    file = KeyFile(order.store)
    try:
        match order:
            case CreateKey():
                _create(order, file)
            case ListKeys():
                _list(order, file)
            case RevokeKey():
                _revoke(order, file)
            case _:
                assert_never(order)
    finally:
        file.close()
    return 0


def _create(order: CreateKey, file: KeyFile) -> None:
    if order.spec is not None:
        router = load(order.spec)
        require_known(order.allowed, {**router.routes, **router.deployments})
    issued = file.create(
        NewKey(
            name=order.name,
            expires_at=None if order.expires is None else asked_moment(order.expires, file.now()),
            allowed=order.allowed or None,
            tags=order.tags,
            may_simulate=order.may_simulate,
            sees_trail=order.sees_trail,
        )
    )
    key = issued.key
    if order.json:
        write_json({**shown(key, file.now()), "secret": issued.secret})
    else:
        tell(
            f"made the key `{key.name}` ({key.id}), which {_until(key)} and may use {_usable(key)}; its secret is shown this once"
        )
        write_result(f"{issued.secret}\n")


def _list(order: ListKeys, file: KeyFile) -> None:
    now = file.now()
    keys = [key for key in file.all_keys() if order.everything or key.revoked_at is None]
    if order.json:
        write_json([shown(key, now) for key in keys])
    elif keys:
        draw(_table(keys, now))
    else:
        tell("there are no keys: `voxplan keys create` makes one")


def _revoke(order: RevokeKey, file: KeyFile) -> None:
    key = file.revoke(order.name)
    if order.json:
        write_json(shown(key, file.now()))
    else:
        tell(f"the key `{key.name}` ({key.id}) holds no more")


def _table(keys: list[VirtualKey], now: datetime) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("name", "id", "secret", "state", "expires", "last used", "may use", "tags"):
        table.add_column(heading, no_wrap=heading in {"name", "id", "secret"})
    for key in keys:
        cells = (
            *(key.name, key.id, f"vx-…{key.hint}", key.state(now), _day(key.expires_at), _day(key.last_used_at)),
            *("all" if key.allowed is None else ", ".join(key.allowed), ", ".join(key.tags)),
        )
        table.add_row(*(Text(printable(cell)) for cell in cells))
    return table


def _until(key: VirtualKey) -> str:
    return "holds until it is revoked" if key.expires_at is None else f"holds until {moment_text(key.expires_at)}"


def _usable(key: VirtualKey) -> str:
    return "everything" if key.allowed is None else listed(key.allowed)


def _day(moment: datetime | None) -> str:
    return "never" if moment is None else moment_text(moment)[:10]
