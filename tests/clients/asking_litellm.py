"""LiteLLM's own client as a program: a call as JSON on each line of its input, what came of it on each of its output.

A program of its own because LiteLLM wants an older `openai` than the tests beside it, and changes the logging of its process.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

__all__ = ("main",)


def main() -> None:
    """Call until the input ends."""
    litellm, openai = importlib.import_module("litellm"), importlib.import_module("openai")
    answers, sys.stdout = sys.stdout, sys.stderr  # LiteLLM prints what it thinks of failures
    for line in sys.stdin:
        wanted: dict[str, Any] = json.loads(line)
        try:
            with Path(wanted.pop("file")).open("rb") as file:
                heard = litellm.transcription(file=file, **wanted)
            found = {"text": heard.text, **{name: getattr(heard, name, None) for name in ("words", "segments")}}
        except openai.APIError as failed:
            found = {"error": type(failed).__name__, "status": getattr(failed, "status_code", None)}
        answers.write(json.dumps(found, default=dict) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
