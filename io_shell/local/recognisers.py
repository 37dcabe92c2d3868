"""The two kinds of model, behind one small face: hear one piece of speech, and say which words it holds.

Both run in the worker process only, one piece after the other. `load` reads weights from disk and never downloads anything.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from voxplan.adapters.providers.local import DEFAULT_MODEL
from voxplan.adapters.wire import Recognise
from voxplan.io_shell.local.messages import Heard, RefusedKind

if TYPE_CHECKING:  # numpy belongs to an extra, and may be missing
    from voxplan.io_shell.local.splitting import Piece

__all__ = ("CannotRecognise", "Recogniser", "load")


class Recogniser(Protocol):
    """A loaded model. `language` is what the recording last begun turned out to be, once something was heard."""

    language: str | None

    def begin(self, want: Recognise) -> None:
        """A new recording; raises CannotRecognise when it is in a language the model does not know."""
        ...

    def hear(self, piece: "Piece") -> Heard:
        """What is said in the next piece of it."""
        ...


class CannotRecognise(Exception):
    """No such model, or not installed, or it does not know the language. `kind` is the failure that amounts to."""

    def __init__(self, kind: RefusedKind, reason: str) -> None:
        """Blame the model or the installation."""
        super().__init__(reason)
        self.kind: RefusedKind = kind


def load(model: str) -> Recogniser:
    """The recogniser for `default`, or for the faster-whisper weights in the folder `model`."""
    if model == DEFAULT_MODEL:
        return _loaded("moonshine", "local", model)
    if not (Path(model) / "model.bin").is_file():
        raise CannotRecognise("not_found", f"no faster-whisper model at `{model}`: expected a folder with a model.bin")
    return _loaded("whisper", "whisper", model)


def _loaded(module: str, extra: str, model: str) -> Recogniser:
    """The recogniser of a module that needs `extra`, or the one line that names it."""
    try:
        opened: Recogniser = import_module(f"voxplan.io_shell.local.{module}").open_model(model)
    except ImportError as problem:
        reason = f"the local recogniser is not installed: pip install 'voxplan[{extra}]' ({problem})"
        raise CannotRecognise("server_error", reason) from None
    return opened
