"""One run of the command line: parse, carry out, and turn every way in which that can end into an exit code.

The one boundary of the command: whatever is raised below becomes one line on standard error. Nobody who typed something wrong
sees a traceback; whoever wants one for a fault of ours sets VOXPLAN_TRACEBACK.
"""

import logging
import os
import traceback
from collections.abc import Sequence
from typing import Final, assert_never

from voxplan.io_shell.cli import (
    capabilities,
    checking,
    comparing,
    importing,
    providers,
    schema,
    serving,
    showing,
    testing,
    transcribing,
)
from voxplan.io_shell.cli.arguments import UsageError, parse
from voxplan.io_shell.cli.orders import (
    Check,
    Compare,
    ImportLitellm,
    Order,
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

__all__ = ("BROKEN_PIPE", "FAULT", "INTERRUPTED", "USAGE", "run")

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


def _obey(order: Order) -> int:  # noqa: C901, PLR0911 - one line for each command
    match order:
        case Transcribe():
            return transcribing.carry_out(order)
        case ShowPlan():
            return showing.carry_out(order)
        case Check():
            return checking.carry_out(order)
        case ShowCapabilities():
            return capabilities.carry_out(order)
        case ShowProviders():
            return providers.carry_out(order)
        case RunTests():
            return testing.carry_out(order)
        case Compare():
            return comparing.carry_out(order)
        case ImportLitellm():
            return importing.carry_out(order)
        case Serve():
            return serving.carry_out(order)
        case ShowSchema():
            return schema.carry_out()
        case _:
            assert_never(order)


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
