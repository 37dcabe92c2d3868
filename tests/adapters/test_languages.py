from itertools import product
from string import ascii_lowercase

import pytest

from voxplan.adapters.languages import code_of, name_of

# One of each kind, from ISO 639-2 (both forms), 639-3 and what services print.
THREE_LETTERS = {
    "ara": "ar",
    "arb": "ar",
    "aze": "az",
    "baq": "eu",
    "bod": "bo",
    "bur": "my",
    "ces": "cs",
    "chi": "zh",
    "cmn": "zh",
    "cym": "cy",
    "cze": "cs",
    "deu": "de",
    "dut": "nl",
    "ell": "el",
    "eng": "en",
    "est": "et",
    "eus": "eu",
    "fas": "fa",
    "fil": "tl",
    "fra": "fr",
    "fre": "fr",
    "geo": "ka",
    "ger": "de",
    "gle": "ga",
    "gre": "el",
    "hat": "ht",
    "hrv": "hr",
    "hye": "hy",
    "ice": "is",
    "isl": "is",
    "jav": "jv",
    "kat": "ka",
    "kir": "ky",
    "mac": "mk",
    "mao": "mi",
    "may": "ms",
    "mkd": "mk",
    "mri": "mi",
    "msa": "ms",
    "mya": "my",
    "nld": "nl",
    "nno": "nn",
    "nob": "nb",
    "nor": "no",
    "per": "fa",
    "ron": "ro",
    "rum": "ro",
    "slk": "sk",
    "slo": "sk",
    "spa": "es",
    "sqi": "sq",
    "srp": "sr",
    "swa": "sw",
    "tib": "bo",
    "wel": "cy",
    "zho": "zh",
    "zul": "zu",
}


TWO_LETTERS = ["".join(letters) for letters in product(ascii_lowercase, repeat=2)]
NAMED = [code for code in (*TWO_LETTERS, "haw", "yue") if name_of(code) != code]


@pytest.mark.parametrize(("three", "two"), THREE_LETTERS.items())
def test_three_letters_become_two(three: str, two: str) -> None:
    """In any case, and with a region."""
    assert (code_of(three), code_of(three.upper()), code_of(f"{three}-XX")) == (two, two, two)


@pytest.mark.parametrize("code", ["haw", "yue", "ast", "ceb", "kea", "luo", "nso", "taq"])
def test_a_language_without_two_letters_keeps_three(code: str) -> None:
    """As ISO 639-3 has it."""
    assert code_of(code) == code


def test_every_language_with_a_name_has_its_three_letters() -> None:
    """What a code becomes is a code that stays."""
    become = {
        code for letters in product(ascii_lowercase, repeat=3) if (code := code_of("".join(letters))) and len(code) == len("en")
    }
    assert {code for code in NAMED if len(code) == len("en")} <= become
    assert {code_of(code) for code in become} == become


@pytest.mark.parametrize("code", NAMED)
def test_a_name_its_code_and_its_tag_are_one_language(code: str) -> None:
    """For every name."""
    name = name_of(code)
    assert {code_of(each) for each in (code, name, name.title(), f" {code}_XX ", code.upper())} == {code}


@pytest.mark.parametrize("other", ["", "-", "unknown", "e", "english (us)", "12", "en us", "und", "MUL", "zxx", "und-US", "auto"])
def test_what_is_no_language_has_no_code(other: str) -> None:
    """Nothing is guessed."""
    assert code_of(other) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("jw", "jv"),
        ("iw", "he"),
        ("in", "id"),
        ("ji", "yi"),
        ("Mandarin", "zh"),
        ("Farsi", "fa"),
        ("Zulu", "zu"),
        ("Bokmål", "nb"),
    ],
)
def test_what_was_once_a_code_is_still_read(old: str, new: str) -> None:
    """And so are other names."""
    assert code_of(old) == new
