"""`voxplan diff`: what two specs plan differently, each difference with a request that shows it. Sends nothing, needs no key."""

from collections.abc import Iterator
from typing import Final

import msgspec

from voxplan.engine.foresight.differing import Comparison, Difference, compare
from voxplan.engine.foresight.inputs import Input
from voxplan.engine.terms.request import Request
from voxplan.io_shell.cli.orders import Compare
from voxplan.io_shell.cli.streams import write_json, write_result
from voxplan.io_shell.cli.wording import counted
from voxplan.io_shell.loading import load

__all__ = ("DIFFERENT", "CompareReport", "carry_out")

DIFFERENT = 1  # as diff(1) does


class CompareReport(msgspec.Struct, frozen=True, kw_only=True):
    """Two specs as one JSON object. Every witness is what `voxplan plan` takes: request, view, moment and seed."""

    old: str
    new: str
    same: bool
    compared: int
    routes: tuple[str, ...]
    deployments: tuple[str, ...]
    differences: tuple[Difference, ...]


def carry_out(order: Compare) -> int:
    """Compare and tell; the exit code."""
    found = compare(load(order.old), load(order.new))
    if order.json:
        write_json(_report(order, found))
    else:
        write_result("".join(f"{line}\n" for line in _lines(found)))
    return 0 if found.same else DIFFERENT


def _report(order: Compare, found: Comparison) -> CompareReport:
    return CompareReport(
        old=str(order.old),
        new=str(order.new),
        same=found.same,
        compared=found.compared,
        routes=found.routes,
        deployments=found.deployments,
        differences=found.differences,
    )


def _lines(found: Comparison) -> list[str]:
    """What only one of them has, what is behind a name now, then each difference with its witness; at the end the sum."""
    lines = [*found.routes, *found.deployments]
    for each in found.differences:
        others = f", and {counted(each.count - 1, 'other input')}" if each.count > 1 else ""
        lines += (f"route `{each.route}`: {each.what}", f"    {_witness(each.witness)}{others}")
    inputs = counted(found.compared, "input")
    count = len(found.routes) + len(found.deployments) + len(found.differences)
    return [*lines, f"the same plans for {inputs}" if found.same else f"{counted(count, 'difference')}; {inputs} compared"]


def _witness(given: Input) -> str:
    """The input in short: what is known of the request, who cools off, seed and moment."""
    known = [f"{name} {value}" for name, value in _facts(given.request)]
    seen = given.view.deployments
    cooling = [name for name in seen if seen[name].cooling(given.moment_ms)]
    known += [f"{', '.join(cooling)} cooling off"] if cooling else ["deployments unlike in load and latency"] if seen else []
    return f"e.g. {'; '.join((*known, f'seed {given.seed}', f'moment {given.moment_ms}'))}"


_LISTS: Final = frozenset({"timestamps", "tags", "key.tags"})


def _facts(request: Request) -> Iterator[tuple[str, str]]:
    """The facts that are not the plainest, by the names that specs use."""
    audio, options = (msgspec.to_builtins(part) for part in (request.audio, request.options))
    facts: dict[str, object] = {f"audio.{name}": value for name, value in audio.items()} | options
    facts |= {"user": request.user, "key": request.key, "key.budget_left": request.key_budget_left}
    facts |= {"tags": request.tags, "key.tags": request.key_tags}
    facts |= {f"metadata.{name}": value for name, value in request.metadata}
    for name, value in facts.items():
        if name in _LISTS:
            yield from ((name, each) for each in msgspec.convert(value, tuple[str, ...]))
        elif value is not None:
            yield name, str(value).lower() if isinstance(value, bool) else str(value)
