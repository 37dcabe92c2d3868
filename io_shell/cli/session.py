"""One run of the command line: parse, carry out, and turn every way in which that can end into an exit code.

The one boundary of the command: whatever is raised below becomes one line on standard error. Nobody who typed something wrong
sees a traceback; whoever wants one for a fault of ours sets VOXPLAN_TRACEBACK.
"""

import logging
import os
import traceback
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Final

from voxplan.io_shell.cli.arguments import UsageError, parse
from voxplan.io_shell.cli.orders import (
    Check,
    Compare,
    CreateKey,
    ImportLitellm,
    ListKeys,
    Order,
    RevokeKey,
    RunTests,
    Serve,
    ShowCapabilities,
    ShowPlan,
    ShowProviders,
    ShowSchema,
    Transcribe,
)
from voxplan.io_shell.cli.streams import forget_stdout, tell, tolerate_any_text
from voxplan.io_shell.errors import VoxplanError, exit_code

__all__ = ("BROKEN_PIPE", "COMMANDS", "FAULT", "INTERRUPTED", "USAGE", "run")

COMMANDS: Final[Mapping[type[Order], str]] = {
    Transcribe: "transcribing",
    ShowPlan: "showing",
    Check: "checking",
    ShowCapabilities: "capabilities",
    ShowProviders: "providers",
    RunTests: "testing",
    Compare: "comparing",
    ImportLitellm: "importing",
    CreateKey: "keys",
    ListKeys: "keys",
    RevokeKey: "keys",
    Serve: "serving",
    ShowSchema: "schema",
}
"""The module that carries out each order, loaded when there is one: no command waits for what another one needs."""

USAGE: Final = 2
FAULT: Final = 70  # sysexits.h EX_SOFTWARE
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells count
BROKEN_PIPE: Final = 141  # 128 + SIGPIPE

_TRACEBACK: Final = "VOXPLAN_TRACEBACK"


def run(arguments: Sequence[str]) -> int:
    """Do what `arguments` say; the exit code."""
    tolerate_any_text()
    _keep_logs_quiet()
    try:
        return _carry_out(arguments)
    except UsageError as wrong:
        tell(f"{wrong} (`voxplan --help` shows how)")
        return USAGE
    except VoxplanError as error:
        for line in str(error).splitlines():
            tell(line)
        return exit_code(error)
    except KeyboardInterrupt:
        tell("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        forget_stdout()
        return BROKEN_PIPE
    except Exception as fault:  # noqa: BLE001 - the boundary: our own faults are one line too
        return _blame_ourselves(fault)


def _carry_out(arguments: Sequence[str]) -> int:
    order = parse(arguments)
    return order if isinstance(order, int) else _obey(order)


def _obey(order: Order) -> int:
    carry_out: Callable[[Order], int] = import_module(f"voxplan.io_shell.cli.{COMMANDS[type(order)]}").carry_out
    return carry_out(order)


def _keep_logs_quiet() -> None:
    """Without a handler Python prints warnings of the libraries, with tracebacks."""
    if not os.environ.get(_TRACEBACK) and not logging.getLogger().handlers:
        logging.getLogger().addHandler(logging.NullHandler())


def _blame_ourselves(fault: Exception) -> int:
    if os.environ.get(_TRACEBACK):
        traceback.print_exception(fault)
    what = " ".join(f"{type(fault).__name__}: {fault}".split())
    tell(f"a fault of voxplan itself, {what}; please report it ({_TRACEBACK}=1 shows where)")
    return FAULT
