"""`voxplan schema`: the JSON Schema of a spec, for editors."""

from voxplan.engine.documents.schema import json_schema
from voxplan.io_shell.cli.orders import ShowSchema
from voxplan.io_shell.cli.streams import write_json

__all__ = ("carry_out",)


def carry_out(_: ShowSchema) -> int:
    """Print the schema; the exit code."""
    write_json(json_schema())
    return 0
