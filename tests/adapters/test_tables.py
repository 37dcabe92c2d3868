import pytest

from voxplan.adapters.audio.containers import EXTENSIONS
from voxplan.adapters.audio.media import MEDIA_TYPES, UNKNOWN_MEDIA_TYPE, media_type
from voxplan.adapters.languages import code_of, name_of


def test_every_container_has_a_media_type() -> None:
    """No extension that a recognised file can be given is unknown to the form."""
    assert {each for group in EXTENSIONS.values() for each in group} <= set(MEDIA_TYPES)
    assert media_type("clip.xyz") == UNKNOWN_MEDIA_TYPE


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("english", "en"),
        ("English", "en"),
        (" en ", "en"),
        ("en-US", "en"),
        ("zh_Hans_CN", "zh"),
        ("Haitian Creole", "ht"),
        ("jw", "jv"),
        ("yue", "yue"),
        ("valencian", "ca"),
        ("martian", None),
        ("", None),
    ],
)
def test_languages_become_codes(language: str, code: str | None) -> None:
    """Names, codes and tags as servers write them."""
    assert code_of(language) == code


def test_names_and_codes_go_both_ways() -> None:
    """A code that has a name gets it back."""
    assert {code_of(name_of(code)) for code in ("en", "de", "jv", "ht", "yue")} == {"en", "de", "jv", "ht", "yue"}
