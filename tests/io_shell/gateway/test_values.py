import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxplan.io_shell.gateway.values import FieldProblem, FormValues, flag_of, number_of, whole_of


@pytest.mark.parametrize(
    "fields",
    [
        (("tags[]", "a"), ("tags[]", "b")),
        (("tags", "a"), ("tags", "b")),
        (("tags[0]", "a"), ("tags[1]", "b")),
        (("tags", '["a", "b"]'),),
        (("tags", "a"), ("tags[]", "b")),
    ],
)
def test_a_list_is_read_in_every_way_of_writing_it(fields: tuple[tuple[str, str], ...]) -> None:
    """Whole values, never their letters."""
    assert FormValues(fields).many("tags") == ("a", "b")


@pytest.mark.parametrize(
    "fields",
    [
        (("metadata", '{"team": "x", "tags": ["a"], "deep": {"n": "1"}}'),),
        (("metadata[team]", "x"), ("metadata[tags][]", "a"), ("metadata[deep][n]", "1")),
        (("metadata[team]", "x"), ("metadata[tags][0]", "a"), ("metadata[deep][n]", "1")),
    ],
)
def test_an_object_is_read_in_every_way_of_writing_it(fields: tuple[tuple[str, str], ...]) -> None:
    """As JSON, or with an entry in each pair of brackets."""
    assert FormValues(fields).table("metadata") == {"team": "x", "tags": ["a"], "deep": {"n": "1"}}


def test_what_is_empty_or_absent_is_nothing() -> None:
    """That is how clients write a value that they leave out."""
    values = FormValues((("user", ""), ("tags[]", ""), ("metadata", "")))
    assert (values.one("user"), values.many("tags"), values.table("metadata")) == (None, (), {})
    assert (values.one("x"), values.many("x"), values.table("x"), values.plain("metadata")) == (None, (), {}, False)


def test_a_quoted_bracket_is_text_inside_brackets() -> None:
    """Only a bare value may be a list of JSON."""
    assert FormValues((("keywords[]", "[sic]"),)).many("keywords") == ("[sic]",)


@pytest.mark.parametrize(
    "fields",
    [
        *((("x", "1"), ("x", "2")), (("x[]", "1"),), (("x[a]", "1"),)),
    ],
)
def test_one_value_is_one_and_has_no_brackets(fields: tuple[tuple[str, str], ...]) -> None:
    """The problem names the field."""
    with pytest.raises(FieldProblem, match="`x`") as raised:
        FormValues(fields).one("x")
    assert raised.value.param == "x"


@pytest.mark.parametrize("fields", [(("x[a]", "1"),), (("x[][]", "1"),), (("x", "[1"),), (("x", "[1]"),), (("x", "[null]"),)])
def test_a_list_holds_text(fields: tuple[tuple[str, str], ...]) -> None:
    """And nothing else."""
    with pytest.raises(FieldProblem, match="`x`"):
        FormValues(fields).many("x")


@pytest.mark.parametrize(
    "fields",
    [
        *((("x", "{"),), (("x", "[]"),), (("x", "a"),), (("x", "[" * 100_000),)),
        *((("x[]", "a"),), (("x[a]", "1"), ("x[a]", "1")), (("x[a]", "1"), ("x[a][]", "1")), (("x[a]", "1"), ("x[a][b]", "1"))),
        *((("x", "{}"), ("x[a]", "1")), (("x" + "[a]" * 5000, "1"),)),
    ],
)
def test_an_object_has_each_entry_once(fields: tuple[tuple[str, str], ...]) -> None:
    """What contradicts itself, or is nested without end, is a problem and no crash."""
    with pytest.raises(FieldProblem, match="`x`"):
        FormValues(fields).table("x")


def test_numbers_are_those_of_json_and_their_like() -> None:
    """Neither words for them nor the digits of every script."""
    assert [number_of("n", text) for text in ("0", "0.2", ".5", "1.", "-1", "1e-3")] == [0, 0.2, 0.5, 1, -1, 0.001]
    assert [whole_of("n", text) for text in ("0", "3", "-1")] == [0, 3, -1]
    for text in ("abc", "", "nan", "inf", "1_0", "\u0661", " 1", "0x1", "true", "9" * 5000):
        with pytest.raises(FieldProblem, match=r"`n` is .*expected a number"):
            number_of("n", text)
        with pytest.raises(FieldProblem, match=r"`n` is .*expected a whole number"):
            whole_of("n", text)


def test_flags_are_true_or_false() -> None:
    """In any case of letters, as Python and JavaScript write them."""
    assert [flag_of("f", text) for text in ("true", "True", "1", "false", "FALSE", "0")] == [True] * 3 + [False] * 3
    for text in ("yes", "2", " true", "null"):
        with pytest.raises(FieldProblem, match=r"`f` is .*expected `true` or `false`"):
            flag_of("f", text)


def test_a_message_is_one_short_line() -> None:
    """Whatever a caller wrote."""
    problem = FieldProblem("a\nb\x00" + "x" * 10_000, "p" * 10_000)
    assert problem.message.startswith("a?b?x")
    assert len(problem.message) < 700
    assert problem.param == "p" * 100


@given(st.lists(st.tuples(st.text('x[]{}"a0,: é\n', max_size=12), st.text('[]{}"a0,:.-e é\n', max_size=20)), max_size=4))
def test_whatever_stands_in_a_form_is_read_or_refused(fields: list[tuple[str, str]]) -> None:
    """No text makes anything but a FieldProblem."""
    values, blamed = FormValues(fields), set[str | None]()
    for name in values.names:
        for read in (values.one, values.many, values.table, values.plain):
            try:
                read(name)
            except FieldProblem as problem:
                blamed.add(problem.param)
    assert blamed <= set(values.names)
