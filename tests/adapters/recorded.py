"""Bodies recorded from live services, which stand beside the repository: without them nothing is tested here."""

from pathlib import Path
from typing import Final

__all__ = ("recorded",)

_FIXTURES: Final = Path(__file__).parents[3] / "shared" / "fixtures"


def recorded(provider: str) -> list[Path]:
    """The recorded bodies of a provider, without the notes on how they were recorded; none where there are none."""
    folder = _FIXTURES / provider
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in found if path.is_file() and not path.name.endswith(".meta.json")]
