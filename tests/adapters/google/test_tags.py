import re

import pytest

from voxplan.adapters.google.tags import TAGS, tag_of
from voxplan.adapters.languages import code_of


@pytest.mark.parametrize(
    ("language", "tag"),
    [
        ("en", "en-US"),
        ("en-GB", "en-GB"),
        ("zh", "cmn-Hans-CN"),
        ("yue", "yue-Hant-HK"),
        ("pt", "pt-BR"),
        ("no", "no-NO"),
        ("nb", "no-NO"),
        ("sr", "sr-RS"),
        ("he", "iw-IL"),
        ("tl", "fil-PH"),
        ("la", "la"),
    ],
)
def test_a_code_becomes_a_tag_with_a_region(language: str, tag: str) -> None:
    """That of Google's tables; a tag stays one, and so does a code that Google does not know."""
    assert tag_of(language) == tag


@pytest.mark.parametrize("code", sorted(TAGS))
def test_a_tag_means_the_language_of_its_code(code: str) -> None:
    """Read back it is the same language; Norwegian has one tag for its two forms."""
    assert re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?-[A-Z]{2}", TAGS[code])
    assert code_of(TAGS[code]) == ("no" if code in {"nb", "nn"} else code)
