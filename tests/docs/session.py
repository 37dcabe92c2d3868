"""What a reader of one page does, from its top to its end, in one folder with a recording called talk.wav."""

import contextlib
import io
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace
from sybil import Document, Example
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown import CodeBlockParser

from tests.conformance.kit import STANDS
from tests.conformance.openai_server import KEY, OpenAIServer
from tests.docs.pages import matches
from voxplan.adapters.openai_shape.exchange import speaking
from voxplan.adapters.providers import openai
from voxplan.adapters.registry import ADAPTERS
from voxplan.engine.foresight.expecting import run_policy_test
from voxplan.engine.plans.router import Router, RouterDeployment
from voxplan.io_shell.loading import SpecSource, examine, load

__all__ = ("Session",)

_MISTAKES: Final = "<!-- mistakes -->"
_BROKEN: Final = "<!-- broken promises -->"
_WITH_A_KEY: Final = "<!-- with a key -->"
_WITH_THE_KIT: Final = "<!-- with the kit -->"
_TODAY: Final = date(2026, 11, 23)  # the warnings of the pages are those of this day
_LONGEST_S: Final = 120
_WIDTH: Final = "110"  # a terminal in which the lines of the pages fit

_COMMAND: Final = """\
#!/bin/sh
exec "{python}" -c 'from voxplan.io_shell.cli import main; main()' "$@"
"""


class Session:
    """Runs the blocks of one page; each evaluator returns None, or what went otherwise than the page says."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        """`folder` is where the reader is."""
        self._folder = folder
        self._patch = patch
        self._printed = ""
        self._status = 0
        self._python = PythonEvaluator()
        command = folder / ".bin" / "voxplan"
        command.parent.mkdir()
        command.write_text(_COMMAND.format(python=sys.executable), encoding="utf-8")
        command.chmod(0o755)
        path = os.pathsep.join((str(command.parent), os.environ.get("PATH", "")))
        self._environment = {**os.environ, "PATH": path, "COLUMNS": _WIDTH, "NO_COLOR": "1", "TERM": "dumb"}

    def run(self, page: Path) -> None:
        """Run the page; raises with the place of the first block that is not true."""
        evaluators = {"yaml": self.spec, "toml": self.spec, "python": self.program, "console": self.commands, "text": self.output}
        parsers = [CodeBlockParser(language, evaluator) for language, evaluator in evaluators.items()]
        for example in Document.parse(str(page), *parsers):
            example.evaluate()

    def spec(self, example: Example) -> str | None:
        """Save a spec, check it as `voxplan check` does, and run its tests as `voxplan test` does."""
        source = str(example.parsed)
        first = source.partition("\n")[0]
        path = Path(first[2:] if first.startswith("# ") else "spec.yaml")
        (self._folder / path).write_text(source, encoding="utf-8")
        self._printed = found = "\n".join(map(str, examine(path, _TODAY).findings))
        if _is_marked(example, _MISTAKES):
            return None if found else "expected mistakes, found none"
        unmet = found or _unmet(path)
        return None if bool(unmet) == _is_marked(example, _BROKEN) else unmet or "expected a test that fails, found none"

    def program(self, example: Example) -> str | None:
        """Run Python, and keep what it prints."""
        printed = io.StringIO()
        with contextlib.ExitStack() as stack:
            if _is_marked(example, _WITH_A_KEY):
                self._be_openai(stack)
            if _is_marked(example, _WITH_THE_KIT):
                self._be_the_providers(stack)
            stack.enter_context(contextlib.redirect_stdout(printed))
            self._python(example)
        self._printed = printed.getvalue()
        return None

    def output(self, example: Example) -> str | None:
        """Compare with what the block before printed."""
        expected = str(example.parsed)
        return None if matches(expected, self._printed) else f"printed:\n{self._printed}"

    def commands(self, example: Example) -> str | None:
        """Run each command, and compare what it prints on both of its outputs."""
        for part in str(example.parsed).removeprefix("$ ").split("\n$ "):
            command, _, expected = part.partition("\n")
            printed = self._shell(command)
            if not matches(expected, printed):
                return f"$ {command}\n{printed}"
        return None

    def _shell(self, command: str) -> str:
        # The status of the command before is what `$?` means in this one.
        script = f"(exit {self._status}); {command}"
        done = subprocess.run(
            ["/bin/sh", "-c", script],
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            timeout=_LONGEST_S,
            check=False,
        )
        self._status = done.returncode
        return done.stdout

    def _be_openai(self, stack: contextlib.ExitStack) -> None:
        patch = stack.enter_context(self._patch.context())
        server = stack.enter_context(OpenAIServer())
        patch.setitem(ADAPTERS, "openai", speaking(replace(openai.DIALECT, base_url=server.url)))
        patch.setenv("OPENAI_API_KEY", KEY)

    def _be_the_providers(self, stack: contextlib.ExitStack) -> None:
        """Every deployment goes to the kit's server of its provider, whose key is where the spec says that it is."""
        patch = stack.enter_context(self._patch.context())
        servers = {name: stack.enter_context(stand.server()) for name, stand in STANDS.items()}

        def at_the_kit(deployment: RouterDeployment) -> RouterDeployment:
            stand = STANDS.get(deployment.provider)
            if stand is None:  # the recogniser of this machine
                return deployment
            if deployment.api_key is not None:
                patch.setenv(deployment.api_key[2:-1], stand.key or KEY)
            return replace(deployment, base_url=stand.base_url(servers[deployment.provider]))

        def load_at_the_kit(source: SpecSource) -> Router:
            router = load(source)
            return replace(router, deployments={name: at_the_kit(each) for name, each in router.deployments.items()})

        patch.setattr("voxplan.io_shell.client.load", load_at_the_kit)


def _unmet(path: Path) -> str:
    """What of the tests in the spec does not hold."""
    router = load(path)
    tested = (run_policy_test(router, test) for test in router.spec.tests)
    return "\n".join(f"{test.name}: {unmet}" for test in tested for unmet in test.unmet)


def _is_marked(example: Example, mark: str) -> bool:
    return example.document.text[: example.start].rstrip().endswith(mark)
