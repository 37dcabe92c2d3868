import re
from typing import get_args

from msgspec import Meta

from voxplan.engine.language.condition import Condition, Fact
from voxplan.engine.plans.facts import NUMBERS, TEXTS, flag_text, is_known, textual
from voxplan.engine.terms.request import Request


def test_every_fact_that_a_spec_may_name_can_be_read() -> None:
    """And none besides."""
    (pattern,) = (meta.pattern for meta in get_args(Fact) if isinstance(meta, Meta) and meta.pattern)
    plain = "route audio.seconds audio.bytes audio.format audio.channels language response_format timestamps stream diarize"
    assert set(plain.split()) | {"translate", "user", "key", "key.tags", "key.budget_left", "tags"} == {*TEXTS, *NUMBERS}
    assert all(re.fullmatch(pattern, name) for name in (*TEXTS, *NUMBERS, "metadata.plan"))


def test_every_fact_is_a_key_of_conditions() -> None:
    """Under the same name."""
    assert {*TEXTS, *NUMBERS} <= set(Condition.__struct_encode_fields__)


def test_metadata_may_be_empty_and_is_known_all_the_same() -> None:
    """An empty text is a value (law T6)."""
    request = Request(route="r", metadata=(("plan", ""),), user="")
    assert textual("metadata.plan", request) == ("",)
    assert is_known("metadata.plan", request)
    assert is_known("user", request)
    assert not is_known("metadata.team", request)


def test_flags_are_written_as_in_a_spec() -> None:
    """In small letters."""
    assert (flag_text(True), flag_text(False)) == ("true", "false")
