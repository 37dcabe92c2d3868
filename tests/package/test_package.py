"""What people install: complete, importable without extras, and typed for those who build on it.

Built the way an index would: the sdist from the sources, the wheel from the sdist, the wheel into an empty environment. Tools
have been seen to build incomplete wheels from linked folders without a word; these tests are why we would notice.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TYPING = ROOT / "tests" / "typing"
FOLDERS = ("engine", "adapters", "io_shell")

pytestmark = [pytest.mark.package, pytest.mark.slow]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT), within=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """The wheel."""
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with the wheel and its core dependencies only."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", str(folder), within=folder)
    interpreter = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    run(str(interpreter), "-m", "pip", "install", "--quiet", str(wheel), within=folder)
    return interpreter


def test_sdist_has_what_a_reader_needs(built: Path) -> None:
    """The sdist holds the sources with their top-level folders, the tests and the licence."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert sources() | {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "tests/conftest.py"} <= names


def test_wheel_has_every_source(wheel: Path) -> None:
    """The wheel holds the three folders file by file, the marker for type checkers, and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == {f"voxplan/{path}" for path in sources()} | {"voxplan/__init__.py", "voxplan/__main__.py", "voxplan/py.typed"}


def test_wheel_has_licence_and_command(wheel: Path) -> None:
    """The licence travels with the wheel, and `voxplan` is a command."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name.partition(".dist-info/")[2] for name in archive.namelist()]
        command = next(archive.read(name).decode() for name in archive.namelist() if name.endswith("entry_points.txt"))
    assert "licenses/LICENSE" in names
    assert "voxplan = voxplan.io_shell.cli:main" in command


def test_core_imports_without_extras(python: Path, tmp_path: Path) -> None:
    """`import voxplan` needs no extra, and warns of nothing."""
    run(str(python), "-W", "error", "-c", "import voxplan; print(voxplan.__version__)", within=tmp_path)


def test_types_arrive(python: Path, tmp_path: Path) -> None:
    """A project that has installed voxplan passes mypy --strict with the uses in tests/typing/api.py."""
    assert reported(python, TYPING / "api.py", tmp_path) == []


def test_misuse_is_reported(python: Path, tmp_path: Path) -> None:
    """Each mistake in tests/typing/misuse.py is reported at its line, and nothing else is."""
    lines = enumerate((TYPING / "misuse.py").read_text(encoding="utf-8").splitlines(), start=1)
    expected = [(number, line.partition("# expect: ")[2]) for number, line in lines if "# expect: " in line]
    assert reported(python, TYPING / "misuse.py", tmp_path) == expected


def sources() -> set[str]:
    """All files of the three folders that git knows or would take; without git, all that are there."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = run("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *FOLDERS, within=ROOT).split("\0")
        return {name for name in listed if (ROOT / name).is_file()}
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    return {path.relative_to(ROOT).as_posix() for path in found if path.is_file() and "__pycache__" not in path.parts}


def reported(python: Path, file: Path, within: Path) -> list[tuple[int, str]]:
    """The errors (line, code) of mypy --strict in a copy of `file`, seen from outside of this repository."""
    shutil.copy(file, within)
    command = (sys.executable, "-m", "mypy", "--strict", "--config-file=", "--python-executable", str(python), file.name)
    done = subprocess.run(command, cwd=within, env=environment(), capture_output=True, text=True, check=False)
    errors = re.findall(r"^(.+?):(\d+): error: .*\[([a-z-]+)\]$", done.stdout, flags=re.MULTILINE)
    assert done.returncode == bool(errors), done.stdout + done.stderr
    return [(int(line) if name == file.name else 0, code) for name, line, code in errors]


def run(*command: str, within: Path) -> str:
    """The output of `command`, which must succeed; if it does not, what it said is the test's message."""
    done = subprocess.run(command, cwd=within, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    return done.stdout


def environment() -> dict[str, str]:
    """Our environment without what would let a program find the repository instead of the installation."""
    ours = {"PYTHONPATH", "PYTHONHOME", "MYPYPATH", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"}
    return {name: value for name, value in os.environ.items() if name not in ours}
