"""The command line: `voxplan transcribe`, `voxplan plan`, `voxplan check`.

`arguments` turns what was typed into an Order (data), `session` carries an Order out and turns every way in which that can end
into an exit code. Results go to standard output, everything meant for people to standard error. This module needs nothing but
the standard library, so that it can say which extra is missing.
"""

import os
import sys
from importlib.util import find_spec
from typing import Final

__all__ = ("main",)

_EXTRA: Final = "cli"
_NEEDS: Final = ("typer", "rich")


def main() -> None:
    """Run the command that was typed, and exit with its code."""
    if any(find_spec(name) is None for name in _NEEDS):
        from voxplan.io_shell.errors import MissingExtra, exit_code  # noqa: PLC0415 - loads the engine: only when it is needed

        missing = MissingExtra("the command line", _EXTRA)
        sys.stderr.write(f"voxplan: {missing}\n")
        raise SystemExit(exit_code(missing))
    from voxplan.io_shell.cli.session import INTERRUPTED, run  # noqa: PLC0415 - needs the extra

    code = run(sys.argv[1:])
    if code == INTERRUPTED:
        # All has been cleaned up, but a thread that still waits for standard input would keep Python from exiting.
        os._exit(code)
    raise SystemExit(code)
