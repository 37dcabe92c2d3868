"""The spec as text: as `printing` has it, with a comment above whatever was not carried over as it stood."""

from collections.abc import Iterable
from typing import Final

from returns.result import Failure

from voxplan.engine.documents.printing import print_spec
from voxplan.engine.documents.reading import read
from voxplan.engine.language.spec import Spec
from voxplan.io_shell.litellm.including import Files
from voxplan.io_shell.litellm.remarks import Remark

__all__ = ("written",)

_HEAD: Final = (
    "# Made from a config of LiteLLM's by `voxplan import litellm`. Its lines are named where something is different here."
)


def written(spec: Spec, remarks: Iterable[Remark], files: Files) -> str:
    """The text; what is about the whole stands at its head."""
    text = print_spec(spec, "yaml")
    result = read(text, "yaml", "spec")
    if isinstance(result, Failure):  # `check` tells what is wrong
        return text
    document = result.unwrap()
    above: dict[int, list[str]] = {}
    for remark in sorted(remarks, key=lambda each: each.place):
        line = document.locate(remark.about).line if remark.about else 1
        comment = f"{'  ' if remark.about else ''}# {files.label(remark.place)}: {remark.message}"
        if comment not in above.setdefault(line, []):
            above[line].append(comment)
    lines = text.splitlines()
    body = [part for number, line in enumerate(lines, start=1) for part in (*above.get(number, ()), line)]
    return "".join(f"{line}\n" for line in (_HEAD, *body))
