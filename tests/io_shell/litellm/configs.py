"""Configs for tests, and what is read of them."""

from voxplan.engine.documents.reading import read
from voxplan.engine.language.spec import RouteNode, Spec
from voxplan.io_shell.litellm.importing import Imported, imported

__all__ = ("GROUPS", "ONE", "TWO", "entry", "said", "spec_of", "uses")

ONE = """\
model_list:
  - model_name: speech
    litellm_params:
      model: whisper-1
      api_key: os.environ/OPENAI_API_KEY
    model_info:
      mode: audio_transcription
general_settings:
  master_key: sk-1234
"""
TWO = """\
model_list:
  - model_name: speech
    litellm_params:
      model: whisper-1
      api_key: os.environ/OPENAI_API_KEY
  - model_name: speech
    litellm_params:
      model: azure/our-whisper
      api_version: 2024-02-15-preview
      api_base: os.environ/AZURE_BASE
      api_key: os.environ/AZURE_KEY
    model_info: {mode: audio_transcription, base_model: azure/whisper-1}
"""
GROUPS = "model_list:\n" + "".join(
    f"  - {{model_name: {name}, litellm_params: {{model: groq/whisper-{name}}}}}\n" for name in ("a", "b", "c", "d")
)


def spec_of(text: str) -> Spec:
    """The spec of the config."""
    made = imported(text)
    assert made.spec_text is not None, made.errors
    return read(made.spec_text, "yaml", "x").unwrap().spec


def entry(params: str, info: str = "mode: audio_transcription", name: str = "m") -> str:
    """A config of one entry."""
    return f"model_list:\n  - model_name: {name}\n    litellm_params: {{{params}}}\n    model_info: {{{info}}}\n"


def said(made: Imported) -> str:
    """Everything that was told."""
    return "\n".join(map(str, made.findings))


def uses(node: RouteNode) -> list[str | None]:
    """What a route tries, in order."""
    return [each.use for each in node.first or (node,)]
