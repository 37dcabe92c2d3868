"""`voxplan import litellm`: a spec on standard output or in a file, and what it does not say on standard error."""

from pathlib import Path

import msgspec
from rich.text import Text

from voxplan.io_shell.cli.orders import ImportLitellm
from voxplan.io_shell.cli.streams import people_console, printable, write_json, write_result
from voxplan.io_shell.errors import EXIT_CODES, RequestError, SpecError
from voxplan.io_shell.litellm.importing import Imported, imported
from voxplan.io_shell.loading import Located

__all__ = ("ImportReport", "carry_out")


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a config.

    `spec` is its text, None with errors; `variables` those to be set, whose values stand in the config; `model_names` the route
    behind each name that LiteLLM's callers use.
    """

    file: str
    ok: bool
    spec: str | None
    output: str | None
    errors: tuple[Located, ...]
    warnings: tuple[Located, ...]
    variables: tuple[str, ...]
    master_key: str | None
    model_names: dict[str, str]


def carry_out(order: ImportLitellm) -> int:
    """Read, import, write; the exit code."""
    made = imported(_content(order.config), str(order.config), including=True)
    if made.spec_text is not None and order.output is not None:
        _write(order.output, made.spec_text, force=order.force)
    if order.json:
        write_json(_report(order, made))
    else:
        _tell(made)
        if made.spec_text is not None and order.output is None:
            write_result(made.spec_text)
    return 0 if made.spec_text is not None else EXIT_CODES[SpecError]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SpecError((f"{path}: cannot be read: {(error.strerror or str(error)).lower()}",)) from None


def _write(path: Path, text: str, *, force: bool) -> None:
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise RequestError(f"`{path}` exists: --force replaces it") from None
    except OSError as error:
        raise RequestError(f"cannot write `{path}`: {(error.strerror or str(error)).lower()}") from None


def _tell(made: Imported) -> None:
    """A line for each finding, as `voxplan check` has them."""
    console = people_console()
    for each in (*made.errors, *made.warnings):
        mark = "" if each.severity == "error" else "warning: "
        console.print(Text(printable(f"{each.place}: {mark}{each.message}")), soft_wrap=True)


def _report(order: ImportLitellm, made: Imported) -> ImportReport:
    return ImportReport(
        file=str(order.config),
        ok=made.spec_text is not None,
        spec=made.spec_text,
        output=None if order.output is None or made.spec_text is None else str(order.output),
        errors=made.errors,
        warnings=made.warnings,
        variables=tuple(sorted(made.settings.variables)),
        master_key=made.settings.master_key,
        model_names=dict(made.settings.model_names),
    )
