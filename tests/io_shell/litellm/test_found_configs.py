"""Configs as people have them: each is run as it is, with what of it transcribes, and everything else is told with its line."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import pytest

from voxplan.io_shell.litellm.importing import imported
from voxplan.io_shell.serving.reloading import first_read
from voxplan.io_shell.serving.sources import ConfigSource

FOUND: Final = Path(__file__).parent / "found"

SERVED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "anchors": ("stt-local", "stt-mistral", "stt-mistral-2"),
        "homelab": ("whisper", "Systran/faster-whisper-large-v3"),
        "included": ("whisper", "speech", "speech-2"),
        "limits": ("whisper",),
        "other_vendors": ("bare", "bare-local", "voxtral", "scribe", "ovh", "fw"),
        "secrets_manager": ("stt", "stt-fast"),
        "teams": ("stt",),
        "two_clouds": ("whisper", "gpt-4o-transcribe"),
        "vertex": ("chirp", "gemini-stt"),
        "wildcards": (
            "whisper-1",
            "openai/whisper-1",
            "groq/whisper-large-v3",
            "deepgram/nova-3",
            "my-whisper",
            "whisper",
            "secret",
        ),
    }
)
"""The names that callers may use; of an entry for any model, some of them."""

LEFT_OUT: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        "homelab": (3, 6, 21),
        "other_vendors": (3, 4, 5),
        "secrets_manager": (12,),
        "two_clouds": (11,),
        "vertex": (20, 26),
        "wildcards": (11,),
    }
)
"""The lines of the entries that are left out, two of them because their address is not set."""

ENVIRONMENT: Final = MappingProxyType({"LITELLM_MASTER_KEY": "sk-0123456789abcdef"})


def test_every_config_is_looked_at() -> None:
    """None is forgotten."""
    assert {path.stem for path in FOUND.glob("*.yaml")} == set(SERVED)


@pytest.mark.parametrize("name", SERVED)
def test_a_gateway_serves_what_transcribes(name: str) -> None:
    """With nothing set but the master key."""
    path = FOUND / f"{name}.yaml"
    found = first_read(ConfigSource(path, ENVIRONMENT), path.read_bytes())
    assert found.policy is not None
    assert set(SERVED[name]) <= set(found.policy.model_names)
    assert all(found.policy.named(each) in found.policy.router.routes for each in SERVED[name])
    left_out = tuple(each.line for each in found.findings if "is left out" in each.message)
    assert left_out == LEFT_OUT.get(name, ())


@pytest.mark.parametrize("name", SERVED)
def test_everything_that_is_told_has_a_line(name: str) -> None:
    """And a comment in the spec that is written."""
    path = FOUND / f"{name}.yaml"
    made = imported(path.read_bytes(), str(path), including=True)
    assert made.spec_text is not None
    assert all(each.line for each in made.findings)
    assert all(each.message in made.spec_text for each in made.warnings)
