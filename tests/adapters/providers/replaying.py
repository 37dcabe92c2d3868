"""A recorded body as the answer that it was: with the status that is told beside it."""

import json
from pathlib import Path

from voxplan.adapters.wire import HttpResponse

__all__ = ("replayed",)


def replayed(path: Path) -> HttpResponse:
    """The answer; without a word about its status it was a success."""
    meta = path.with_name(f"{path.name}.meta.json")
    status = json.loads(meta.read_text(encoding="utf-8"))["status"] if meta.exists() else 200
    return HttpResponse(status=status, headers=(), body=path.read_bytes())
