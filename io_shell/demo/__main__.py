"""`python -m voxplan.io_shell.demo`: check what is needed, then show."""

import sys
from importlib.util import find_spec

import anyio

from voxplan.io_shell.demo.materials import find_materials
from voxplan.io_shell.errors import MissingExtra, VoxplanError, exit_code

_INTERRUPTED = 130


def main() -> int:
    """Run the demo; the exit code."""
    try:
        if find_spec("rich") is None:
            raise MissingExtra("the demo", "cli")
        from voxplan.io_shell.demo.showing import show  # noqa: PLC0415 - needs the extra

        return anyio.run(show, find_materials())
    except VoxplanError as error:
        sys.stderr.write(f"voxplan: {error}\n")
        return exit_code(error)
    except KeyboardInterrupt:
        sys.stderr.write("voxplan: interrupted\n")
        return _INTERRUPTED


if __name__ == "__main__":
    raise SystemExit(main())
