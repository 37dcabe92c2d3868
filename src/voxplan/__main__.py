"""`python -m voxplan` is the command `voxplan`."""

from voxplan.io_shell.cli import main

if __name__ == "__main__":
    main()
