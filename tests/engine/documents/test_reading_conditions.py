"""How conditions and policy tests are read: their short forms, and what is wrong with them."""

import pytest
from returns.result import Failure

from voxplan.engine.documents.document import Format
from voxplan.engine.documents.reading import format_problem, read
from voxplan.engine.language.condition import Condition, MoneyRange, NumberRange, Sample, TimeWindow
from voxplan.engine.language.policy import PolicyExpectation, PolicyRequest, PolicyTest, Scripted
from voxplan.engine.terms.quantity import ClockTime, Money, Share, Span

HEAD = "voxplan: 1\ndeployments: {a: {provider: local, model: default}}\nroutes: {r: a}\n"


def condition(text: str) -> Condition:
    """The condition that is written so."""
    spec = read(f"{HEAD.replace('r: a', f'r: {{when: [{{if: {text}, then: a}}]}}')}", "yaml", "x").unwrap().spec
    branches = spec.routes["r"].when
    assert branches is not None
    return branches[0].if_


def problems(text: str, form: Format = "yaml") -> list[str]:
    """The problems of a document, as `column: message`."""
    found = read(text, form, "x")
    return [format_problem(each, "x").split(":", 2)[2] for each in found.failure()] if isinstance(found, Failure) else []


def condition_problems(text: str) -> list[str]:
    """What is wrong with a condition that is written so; its first character stands in column 7."""
    return problems(f"{HEAD.replace('{r: a}', '')}  r:\n    when:\n    - then: a\n      if:\n       {text}\n")


CONDITIONS = {
    "{tags: eu}": Condition(tags=("eu",)),
    "{tags: [eu, us]}": Condition(tags=("eu", "us")),
    "{audio.seconds: 5}": Condition(audio_seconds=NumberRange(in_=(5.0,))),
    "{audio.channels: [1, 2]}": Condition(audio_channels=NumberRange(in_=(1.0, 2.0))),
    "{audio.channels: {in: 2}}": Condition(audio_channels=NumberRange(in_=(2.0,))),
    "{audio.bytes: {over: 1, under: 9}}": Condition(audio_bytes=NumberRange(over=1, under=9)),
    "{audio: {seconds: 5, format: wav}}": Condition(audio_seconds=NumberRange(in_=(5.0,)), audio_format=("wav",)),
    "{key: k}": Condition(key=("k",)),
    "{key: {tags: x, budget_left: {under: $1}}}": Condition(key_tags=("x",), key_budget_left=MoneyRange(under=Money(10**9))),
    "{metadata.plan: free}": Condition(metadata={"plan": ("free",)}),
    "{metadata: {plan: free}}": Condition(metadata={"plan": ("free",)}),
    "{metadata: {plan: [free]}, metadata.a.b: x}": Condition(metadata={"plan": ("free",), "a.b": ("x",)}),
    "{all: [{stream: true}, {not: {diarize: false}}]}": Condition(
        all=(Condition(stream=True), Condition(not_=Condition(diarize=False)))
    ),
    "{any: [{any: [{audio.seconds: 1}]}]}": Condition(any=(Condition(any=(Condition(audio_seconds=NumberRange(in_=(1.0,))),)),)),
    "{known: metadata.plan}": Condition(known="metadata.plan"),
    "{sample: {share: 0.5%, by: user}}": Condition(sample=Sample(share=Share(5000), by="user")),
    "{time: {from: 8:00, to: '18:30', days: mon}}": Condition(
        time=TimeWindow(from_=ClockTime(480), to=ClockTime(1110), days=("mon",))
    ),
    "{response_format: srt, timestamps: [word]}": Condition(response_format=("srt",), timestamps=("word",)),
}


@pytest.mark.parametrize(("text", "expected"), CONDITIONS.items())
def test_conditions(text: str, expected: Condition) -> None:
    """Each way of writing a condition means its normal form."""
    assert condition(text) == expected


MISTAKES = {
    "{langauge: fi}": ["9: unknown key `langauge` in `routes.r.when[0].if`, did you mean `language`?"],
    "{metdata.plan: x}": ["9: unknown key `metdata.plan` in `routes.r.when[0].if`, did you mean `metadata.plan`?"],
    "{metadata.: x}": ["9: unknown key `metadata.` in `routes.r.when[0].if`, did you mean `metadata`?"],
    "{metadata.x: [], metadata: {x: y}}": ["9: duplicate key `x` in `routes.r.when[0].if.metadata`, already in line 8"],
    "{audio: {seconds: 5}, audio.seconds: 6}": ["30: duplicate key `audio.seconds` in `routes.r.when[0].if`, already in line 8"],
    "{audio: {second: 5}}": ["17: unknown key `audio.second` in `routes.r.when[0].if`, did you mean `audio.seconds`?"],
    "{audio.seconds: long}": ["24: expected a number, a list of numbers or a range such as `{over: 60}`, got `long`"],
    "{audio.seconds: []}": ["24: `in` is empty: expected at least one item"],
    "{audio.seconds: {exactly: 5}}": [
        "25: unknown key `exactly` in `routes.r.when[0].if.audio.seconds`, expected one of `over`, `under`, `in`"
    ],
    "{key.budget_left: $1}": ["26: expected a range such as `{over: $1}`, got `$1`"],
    "{tags: []}": ["9: `tags` is empty: expected at least one item"],
    "{tags: 5}": ["15: expected text, got `5`"],
    "{tags: null}": ["9: `tags` is null: leave the key out, or give it a value"],
    "{metadata: [x]}": ["9: expected a mapping, got a list"],
    "{metadata: [x], metadata.y: z}": ["9: expected a mapping, got a list"],
    "{known: lnguage}": ["16: unknown fact `lnguage`, did you mean `language`?"],
    "{known: 5}": ["16: expected a fact of the request such as `audio.seconds`, `language`, `user` or `metadata.plan`, got `5`"],
    "{sample: {by: user}}": ["9: missing key `share` in `routes.r.when[0].if.sample`"],
    "{sample: {share: 5%, by: language}}": ["33: expected `user`, `key` or `metadata.x`, got `language`"],
    "{sample: {share: 101%}}": ["25: expected a share such as `5%` or `0.05`, at most `100%`, got `101%`"],
    "{time: {from: 25:00}}": ["22: expected a time of day from `00:00` to `24:00`, got `25:00`"],
    "{time: {days: monday}}": ["22: unknown value `monday` in `days`, did you mean `mon`?"],
    "{all: {tags: x}}": ["9: expected a list, got a mapping"],
    "{any: []}": ["9: `any` is empty: expected at least one item"],
    "{not: x}": ["14: expected a condition such as `{language: fi}`, got `x`"],
    "x": ["8: expected a condition such as `{language: fi}`, got `x`"],
    "{response_format: vtx}": ["26: unknown value `vtx` in `response_format`, did you mean `vtt`?"],
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.items())
def test_mistakes_in_conditions(text: str, expected: list[str]) -> None:
    """Each mistake is one problem, at its place."""
    assert condition_problems(text) == expected


def test_dotted_keys_of_toml() -> None:
    """TOML takes `audio.seconds` without quotes for a table in a table: the same is meant."""
    text = """
    voxplan = 1
    [deployments]
    a = {provider = "local", model = "default"}
    [[routes.r.when]]
    if = {audio.seconds = {over = 5}, key.tags = "x", metadata.plan = "free"}
    then = "a"
    """
    branches = read(text, "toml", "x").unwrap().spec.routes["r"].when
    assert branches is not None
    expected = Condition(audio_seconds=NumberRange(over=5), key_tags=("x",), metadata={"plan": ("free",)})
    assert branches[0].if_ == expected


def test_short_forms_of_policy_tests() -> None:
    """A bare result, a single call, a single text, and facts by their full names."""
    text = (
        "tests: [{name: x, request: {audio.seconds: 3, key: {tags: t}, metadata.p: q, tags: eu}, "
        "world: {a: timed_out, b: [ok, {result: hangs}], c: {result: ok, after: 2s}}, expect: {attempts: a, within: 5}}]"
    )
    assert read(HEAD + text, "yaml", "x").unwrap().spec.tests == (
        PolicyTest(
            name="x",
            request=PolicyRequest(audio_seconds=3.0, key_tags=("t",), metadata={"p": "q"}, tags=("eu",)),
            world={
                "a": (Scripted(result="timed_out"),),
                "b": (Scripted(result="ok"), Scripted(result="hangs")),
                "c": (Scripted(result="ok", after=Span(2000)),),
            },
            expect=PolicyExpectation(attempts=("a",), within=Span(5000)),
        ),
    )


TEST_MISTAKES = {
    "[{name: x}]": ["9: missing key `expect` in `tests[0]`"],
    "[x]": ["9: expected a test (a mapping with `name`, `request`, `world`, `expect`), got `x`"],
    "{name: x}": ["1: expected a list, got a mapping"],
    "[{name: x, expect: {served: a}}]": ["28: unknown key `served` in `tests[0].expect`, did you mean `served_by`?"],
    "[{name: x, expect: {}, world: {a: tmied_out}}]": ["42: unknown value `tmied_out` in `result`, did you mean `timed_out`?"],
    "[{name: x, expect: {}, world: {a: null}}]": ["42: expected a list, got `null`"],
    "[{name: x, expect: {}, world: {a: [null]}}]": ["43: expected one of "],
    "[{name: x, expect: {}, world: [a]}]": ["31: expected a mapping, got a list"],
    "[{name: x, expect: {}, request: {audio.second: 5}}]": [
        "41: unknown key `audio.second` in `tests[0].request`, did you mean `audio.seconds`?"
    ],
    "[{name: x, expect: {}, request: {audio.seconds: -1}}]": ["56: expected at least 0, got `-1.0`"],
}


@pytest.mark.parametrize(("text", "expected"), TEST_MISTAKES.items())
def test_mistakes_in_policy_tests(text: str, expected: list[str]) -> None:
    """Each mistake is one problem, at its place."""
    found = problems(f"{HEAD}tests: {text}")
    assert len(found) == len(expected)
    assert all(message.startswith(start) for message, start in zip(found, expected, strict=True))
