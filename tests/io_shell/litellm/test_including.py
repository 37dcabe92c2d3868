"""Configs in several files."""

from pathlib import Path

import pytest

from tests.io_shell.litellm.configs import said
from voxplan.io_shell.litellm.importing import Imported, imported
from voxplan.io_shell.serving.sources import ConfigSource

ENTRY = "  - {{model_name: {name}, litellm_params: {{model: groq/whisper-{name}}}}}\n"


def put(path: Path, name: str, more: str = "") -> None:
    """A file with one model."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"model_list:\n{ENTRY.format(name=name)}{more}", encoding="utf-8")


def read_from(folder: Path) -> Imported:
    """The config there, with what it includes."""
    path = folder / "config.yaml"
    return imported(path.read_bytes(), str(path), including=True)


def test_lists_follow_one_another(tmp_path: Path) -> None:
    """Each path is beside the file that has it, or beside the first; each file counts once."""
    put(tmp_path / "config.yaml", "a", "include: [b.yaml, sub/c.yaml]\n")
    put(tmp_path / "b.yaml", "b", "include: [config.yaml]\n")
    put(tmp_path / "sub" / "c.yaml", "c", "include: [d.yaml, b.yaml]\n")
    put(tmp_path / "sub" / "d.yaml", "d")
    assert list(read_from(tmp_path).settings.model_names) == ["a", "b", "c", "d"]


def test_all_else_is_that_of_the_included_file(tmp_path: Path) -> None:
    """Which is told."""
    put(tmp_path / "config.yaml", "a", "include: [b.yaml]\nrouter_settings: {num_retries: 1}\n")
    put(tmp_path / "b.yaml", "b", "router_settings: {num_retries: 7}\n")
    made = read_from(tmp_path)
    assert "times: 7" in (made.spec_text or "")
    assert f"{tmp_path}/config.yaml:4:1: `router_settings` is not carried over: an included file has it too" in said(made)


def test_places_are_those_of_the_file(tmp_path: Path) -> None:
    """In what is told and in the comments."""
    put(tmp_path / "config.yaml", "a", "include: [b.yaml]\n")
    put(tmp_path / "b.yaml", "b", "litellm_settings: {cache: true}\n")
    made = read_from(tmp_path)
    assert f"{tmp_path}/b.yaml:3:20: `cache` is not carried over" in said(made)
    assert "# b.yaml, line 3: `cache` is not carried over" in (made.spec_text or "")


@pytest.mark.parametrize(
    ("content", "place"), [(None, "config.yaml:3:11"), ("a: {", "b.yaml:2:1"), ("a: 1\na: 2\n", "b.yaml:2:1")]
)
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, content: str | None, place: str) -> None:
    """At the path, or where it breaks."""
    put(tmp_path / "config.yaml", "a", "include: [b.yaml]\n")
    if content is not None:
        (tmp_path / "b.yaml").write_text(content, encoding="utf-8")
    made = read_from(tmp_path)
    assert made.spec_text is None
    assert [each.place.removeprefix(f"{tmp_path}/") for each in made.errors] == [place]


@pytest.mark.parametrize(("content", "line"), [("include: b.yaml\n", 3), ("include: [b.yaml]\n", 1)])
def test_what_is_nothing_to_include_is_told(tmp_path: Path, content: str, line: int) -> None:
    """A path alone, or a file that is no mapping."""
    put(tmp_path / "config.yaml", "a", content)
    (tmp_path / "b.yaml").write_text("- a\n", encoding="utf-8")
    made = read_from(tmp_path)
    assert [each.line for each in made.warnings] == [line]
    assert made.spec_text is not None


def test_a_master_key_that_is_not_set_is_told_where_it_stands(tmp_path: Path) -> None:
    """Also in an included file."""
    put(tmp_path / "config.yaml", "a", "include: [b.yaml]\n")
    put(tmp_path / "b.yaml", "b", "general_settings: {master_key: os.environ/NOT_SET}\n")
    path = tmp_path / "config.yaml"
    (error,) = ConfigSource(path, {}).understood(path.read_bytes()).errors
    assert (error.file, error.line) == (f"{tmp_path}/b.yaml", 3)
    assert "needs the environment variable `NOT_SET`" in error.message
