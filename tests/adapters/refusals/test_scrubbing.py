import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxplan.adapters.refusals.scrubbing import scrubbed

SECRETS = (
    "sk-proj-abcDEF123_-xyz",
    "sk-proj-*****************************9900",
    "gsk_0123456789abcdefABCDEF",
    "AIzaSyA0123456789abcdefghijklmnop",
    "ya29.a0AfH6SMBx",
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2ln",
    "0123456789abcdef0123456789abcdef",
    "dGhpcyBpcyBhIHNlY3JldCBrZXk5OQ==",
    "019ffae2-1c2d-4e3f-8a9b-0c1d2e3f4a5b",
    "org-AbCdEf123456",
    "org_01hxyz2345",
    "somebody@example.org",
)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("sentence", ["{}", "you sent {}, which is wrong", "key={}.", "Bearer {}", "(`{}`)"])
def test_what_looks_like_a_secret_is_removed(secret: str, sentence: str) -> None:
    """Keys of every provider, tokens, ids of accounts, addresses of people, wherever they stand."""
    line = scrubbed(sentence.format(secret))
    assert secret not in line
    assert "[removed]" in line


def test_what_follows_an_api_key_is_removed_whatever_it_looks_like() -> None:
    """`Incorrect API key provided: hunter2` has no pattern of its own."""
    assert "hunter2" not in scrubbed("Incorrect API key provided: hunter2. You can find it elsewhere")


def test_an_organisation_in_quotes_is_removed() -> None:
    """The organisation is named in the rate limits of groq."""
    assert "acme" not in scrubbed("limit reached in organization `acme` on tier")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("fetch of https://ann:hunter2@h.example/a failed", "fetch of https://[removed]h.example/a failed"),
        ("see https://h.example/a?sig=hunter2&x=1 now", "see https://h.example/a[removed] now"),
        ("no password=hunter2, sorry", "no password=[removed], sorry"),
    ],
)
def test_what_addresses_carry_is_removed(said: str, kept: str) -> None:
    """Who logs in, and what is asked for; the address stays."""
    assert scrubbed(said) == kept


@pytest.mark.parametrize(
    "line",
    [
        "The model `gpt-4o-mini-transcribe-2025-12-15` does not exist",
        "the model `mistralai/Voxtral-Mini-3B-2507` does not exist",
        "audio duration 1830.530612 seconds is longer than 1400 seconds which is the maximum for this model",
        "413: Maximum content size limit (26214400) exceeded (26214850 bytes read)",
        "response_format is not compatible with model; see https://platform.openai.com/account/api-keys",
    ],
)
def test_what_helps_is_kept(line: str) -> None:
    """Names of models, numbers and addresses of documentation stay readable."""
    assert scrubbed(line) == line


@given(st.text(max_size=6000))
def test_the_outcome_is_one_short_printable_line(text: str) -> None:
    """Whatever a provider writes: no line breaks, no control characters, no more than 160 letters."""
    line = scrubbed(text)
    assert len(line) <= 160
    assert line.isprintable()
