import pytest
from returns.result import Failure

from voxplan.engine.documents.document import Format
from voxplan.engine.documents.printing import print_spec, spec_digest
from voxplan.engine.documents.reading import ReadSpec, format_problem, read
from voxplan.engine.documents.tree import Path, Place
from voxplan.engine.language.condition import Condition, NumberRange
from voxplan.engine.language.spec import Arm, Balance, Branch, OptionRules, Race, Retry, RouteNode, Selector
from voxplan.engine.terms.quantity import Money, Span

HEAD = "voxplan: 1\ndeployments:\n  a: {provider: local, model: default}\n  b: {provider: local, model: default}\n"
A, B = RouteNode(use="a"), RouteNode(use="b")
EU = Selector(tags=("eu",))


def found(text: str, form: Format = "yaml") -> ReadSpec:
    """What a spec without mistakes says."""
    return read(text, form, "specs/x.yaml").unwrap()


def route(text: str) -> RouteNode:
    """The route that is written so."""
    return found(f"{HEAD}routes:\n  r: {text}\n").spec.routes["r"]


def lines(text: str, form: Format = "yaml") -> list[str]:
    """The problems of a spec as people see them."""
    result = read(text, form, "specs/x.yaml")
    return [format_problem(problem, "specs/x.yaml") for problem in result.failure()] if isinstance(result, Failure) else []


def route_problems(text: str) -> list[str]:
    """What is wrong with a route that is written so, as `column: message`."""
    return [line.removeprefix("specs/x.yaml:6:") for line in lines(f"{HEAD}routes:\n  r: {text}\n")]


def arms(*written: tuple[RouteNode, float]) -> RouteNode:
    """A balance of these arms."""
    return RouteNode(balance=Balance(among=tuple(Arm(route=route, weight=weight) for route, weight in written)))


FORMS = {
    "a": A,
    "{use: a}": A,
    "[a, b]": RouteNode(first=(A, B)),
    "{first: [a, [b]]}": RouteNode(first=(A, RouteNode(first=(B,)))),
    "[{use: a, timeout: 5s}, b]": RouteNode(first=(RouteNode(use="a", timeout=Span(5000)), B)),
    "{use: a, timeout: 5}": RouteNode(use="a", timeout=Span(5000)),
    "{use: a, deadline: 0.5 * audio.seconds}": RouteNode(use="a", deadline=Span(0, (500, 1))),
    "{balance: {among: [a, b]}}": arms((A, 1), (B, 1)),
    "{balance: {among: {a: 3, b: 1}}}": arms((A, 3), (B, 1)),
    "{balance: {among: {a: 0.5, b: 0}}}": arms((A, 0.5), (B, 0)),
    "{balance: {among: [{weight: 95, use: a}, {use: b}]}}": arms((A, 95), (B, 1)),
    "{balance: {among: [{weight: 2, first: [a, b]}, [b]]}}": arms((RouteNode(first=(A, B)), 2), (RouteNode(first=(B,)), 1)),
    "{first: [a], on: timed_out}": RouteNode(first=(A,), on=("timed_out",)),
    '{first: [a], on: "*"}': RouteNode(first=(A,), on=("*",)),
    "{first: [a], on: [timed_out, content_filtered]}": RouteNode(first=(A,), on=("timed_out", "content_filtered")),
    "{use: a, retry: {times: 1, on: overloaded}}": RouteNode(use="a", retry=Retry(times=1, on=("overloaded",))),
    "{use: a, guardrails: g}": RouteNode(use="a", guardrails=("g",)),
    "{use: a, require: {region: eu, tags: [x, y]}}": RouteNode(use="a", require=Selector(region=("eu",), tags=("x", "y"))),
    "{use: a, budget: 0.05, options: {prompt: drop}}": RouteNode(
        use="a", budget=Money(50_000_000), options=OptionRules(prompt="drop")
    ),
    "{balance: {among: {where: 3, b: 1}}}": arms((RouteNode(use="where"), 3), (B, 1)),
    "{balance: {among: [where]}}": arms((RouteNode(use="where"), 1)),
    "{balance: {among: {where: {tags: eu}}, by: cost}}": RouteNode(balance=Balance(where=EU, by="cost")),
    "{balance: {among: {where: {}}}}": RouteNode(balance=Balance(where=Selector())),
    "{race: {among: [a, [b]], stagger: 1s}}": RouteNode(race=Race(among=(A, RouteNode(first=(B,))), stagger=Span(1000))),
    "{race: {among: {where: {tags: eu}}, stagger: 0}, on: timed_out}": RouteNode(
        race=Race(where=EU, stagger=Span(0)), on=("timed_out",)
    ),
    "{when: [{if: {tags: eu}, then: [a, b]}], otherwise: b}": RouteNode(
        when=(Branch(if_=Condition(tags=("eu",)), then=RouteNode(first=(A, B))),), otherwise=B
    ),
    "{match: {on: language, cases: {fi: a, 'sv, no': b}, otherwise: [a]}}": RouteNode(
        when=(
            Branch(if_=Condition(language=("fi",)), then=A),
            Branch(if_=Condition(language=("sv", "no")), then=B),
        ),
        otherwise=RouteNode(first=(A,)),
    ),
    "{match: {on: metadata.plan, cases: {free: a}}}": RouteNode(
        when=(Branch(if_=Condition(metadata={"plan": ("free",)}), then=A),)
    ),
    "{match: {on: audio.channels, cases: {'1,2': a}}}": RouteNode(
        when=(Branch(if_=Condition(audio_channels=NumberRange(in_=(1.0, 2.0))), then=A),)
    ),
    "{match: {on: stream, cases: {'true': a}}}": RouteNode(when=(Branch(if_=Condition(stream=True), then=A),)),
}


@pytest.mark.parametrize(("text", "node"), FORMS.items())
def test_short_forms(text: str, node: RouteNode) -> None:
    """Each short form means its normal form."""
    assert route(text) == node


ONE_FORM = "a route needs exactly one of `use`, `first`, `balance`, `when`, `match`, `race`, found"

MISTAKES = {
    "{}": [f"3: {ONE_FORM} none"],
    "[{timeout: 5s}]": [f"7: {ONE_FORM} none"],
    "{use: a, first: [b]}": [f"15: {ONE_FORM} `use` and `first`"],
    "{use: a, on: timed_out}": ["15: `on` belongs to `first`, `balance` or `race`, it cannot stand beside `use`"],
    "{first: [a], on: []}": ["19: `on` is empty: expected at least one item"],
    "[]": ["3: `first` is empty: expected at least one item"],
    "{balance: {among: {}}}": ["17: `among` is empty: expected at least one item"],
    "{first: [a], on: [blocked, timed_out]}": ["24: `blocked` cannot be listed in `on`: it ends the run"],
    "{first: [a], on: cancelled}": ["23: `cancelled` cannot be listed in `on`: it ends the run"],
    "{use: a, retry: {on: [cancelled]}}": ["28: `cancelled` cannot be listed in `on`: it ends the run"],
    "{frist: [a]}": ["7: unknown key `frist` in `routes.r`, did you mean `first`?"],
    "5": ["6: expected a route (a name, a list or a mapping), got `5`"],
    "[a, null]": ["10: expected a route (a name, a list or a mapping), got `null`"],
    "{first: a}": ["14: expected a list, got `a`"],
    "{balance: [a]}": ["7: expected a mapping, got a list"],
    "{balance: {among: [{weight: 1}]}}": [f"25: {ONE_FORM} none"],
    "{balance: {among: [{use: a, wieght: 1}]}}": [
        "34: unknown key `wieght` in `routes.r.balance.among[0]`, did you mean `weight`?"
    ],
    "{balance: {among: [{use: a, tmeout: 1}]}}": [
        "34: unknown key `tmeout` in `routes.r.balance.among[0]`, did you mean `timeout`?"
    ],
    "{balance: {among: {a: heavy}}}": ["28: expected a number, got `heavy`"],
    "{balance: {among: {a: -1}}}": ["28: expected at least 0, got `-1`"],
    "{balance: {amng: {a: 1}}}": ["17: unknown key `amng` in `routes.r.balance`, did you mean `among`?"],
    "{use: a, otherwise: b}": ["15: `otherwise` belongs to `when`, it cannot stand beside `use`"],
    "{when: [{if: {tags: x}, then: a}], on: timed_out}": [
        "41: `on` belongs to `first`, `balance` or `race`, it cannot stand beside `when`"
    ],
    "{when: [{if: {tags: x}, then: a}], match: {on: language, cases: {fi: a}}}": [f"41: {ONE_FORM} `when` and `match`"],
    "{when: []}": ["7: `when` is empty: expected at least one item"],
    "{when: [{then: a}]}": ["14: missing key `if` in `routes.r.when[0]`"],
    "{when: [{if: {tags: x}}]}": ["14: missing key `then` in `routes.r.when[0]`"],
    "{when: [{if: {tags: x}, then: {use: a, timeuot: 5}}]}": [
        "45: unknown key `timeuot` in `routes.r.when[0].then`, did you mean `timeout`?"
    ],
    "{when: [a]}": ["14: expected a branch such as `{if: {language: fi}, then: some-route}`, got `a`"],
    "{use: a, budget: a lot}": ["23: expected US dollars such as `$0.05`, got `a lot`"],
    "{balance: {among: []}}": ["17: `among` is empty: expected at least one item"],
    "{balance: {among: {where: {tags: x}, a: 1}}}": ["43: `a` cannot stand beside `where`: arms are either named or selected"],
    "{balance: {among: {where: heavy}}}": ["32: expected a mapping such as `{region: eu}`, got `heavy`"],
    "{balance: {where: {tags: x}}}": ["17: `where` stands in `among`: write `among: {where: …}`"],
    "{race: {among: [a, b]}}": ["7: missing key `stagger` in `routes.r.race`"],
    "{race: {among: {a: 3}, stagger: 1s}}": ["14: a race starts its arms in order; weights belong to `balance`"],
    "{race: {among: [{weight: 3, use: a}], stagger: 1s}}": ["23: a race starts its arms in order; weights belong to `balance`"],
    "{match: {on: lnguage, cases: {fi: a}}}": ["19: unknown fact `lnguage`, did you mean `language`?"],
    "{match: {on: key.budget_left, cases: {fi: a}}}": ["19: `key.budget_left` has no cases: write a `when`"],
    "{match: {on: 5, cases: {fi: a}}}": ["19: expected the name of a fact such as `language`"],
    "{match: {on: language}}": ["7: missing key `cases` in `routes.r.match`"],
    "{match: {on: language, cases: {}}}": ["29: `cases` is empty: expected at least one item"],
    "{match: {on: language, cases: [a]}}": ["29: expected a mapping of values to routes"],
    "{match: {on: language, csaes: {}}}": ["29: unknown key `csaes` in `routes.r.match`, did you mean `cases`?"],
    "{match: language}": ["7: expected a mapping of `on`, `cases`, `otherwise`"],
    "{match: {on: language, cases: {'fi,sv': a, 'sv,no': b}}}": ["49: `sv` has a case already, in line 6"],
    "{match: {on: language, cases: {'fi,fi': a}}}": ["37: `fi` has a case already, in line 6"],
    "{match: {on: language, cases: {'fi,': a}}}": ["37: expected values separated by commas, got an empty one"],
    "{match: {on: stream, cases: {maybe: a}}}": ["35: expected `true` or `false`, got `maybe`"],
    "{match: {on: audio.channels, cases: {two: a}}}": ["43: expected numbers, got `two`"],
    "{match: {on: response_format, cases: {vtx: a}}}": ["44: unknown value `vtx` in `response_format`, did you mean `vtt`?"],
    "{match: {on: language, cases: {fi: {}}}}": [f"37: {ONE_FORM} none"],
    "{mtach: {on: language}}": ["7: unknown key `mtach` in `routes.r`, did you mean `match`?"],
    "{match: {on: language, cases: {fi: a}}, otherwise: b}": ["46: the `otherwise` of a `match` stands inside of it"],
    "a b": ["6: expected a name of at most 100 letters, digits and `_.:@-` that starts with a letter or digit, got `a b`"],
}


@pytest.mark.parametrize(("text", "expected"), MISTAKES.items())
def test_mistakes_in_routes(text: str, expected: list[str]) -> None:
    """Each mistake in a route is one problem, at its place in the document."""
    assert route_problems(text) == expected


FIVE_MISTAKES = """\
voxplan: 1
deployments:
  a: {provider: local, modle: default}
  b: {provider: openai, model: whisper-1, api_key: sk-secret}
defaults: {deadline: 5 parsecs}
routes:
  r:
    first: [a, b]
    on: [timed_uot]
    deadline: 5s
    deadline: 6s
"""


def test_five_mistakes() -> None:
    """Five different mistakes are five located errors, in the order of the document."""
    assert lines(FIVE_MISTAKES) == [
        "specs/x.yaml:3:24: unknown key `modle` in `deployments.a`, did you mean `model`?",
        "specs/x.yaml:4:52: expected a reference such as `${OPENAI_API_KEY}`; a key never stands in a spec",
        "specs/x.yaml:5:22: expected a duration such as `500ms`, `8s`, `2m` or `5s + 0.05 * audio.seconds`, got `5 parsecs`",
        "specs/x.yaml:9:10: unknown value `timed_uot` in `on`, did you mean `timed_out`?",
        "specs/x.yaml:11:5: duplicate key `deadline` in `routes.r`, already in line 10",
    ]


SECRETS = (
    *(
        "sk-HUSH",
        "$HUSH",
        "${HUSH",
        "${A}HUSH",
        "[HUSH]",
        "{HUSH: HUSH}",
        "{HUSH: 1, HUSH: 2}",
        "!HUSH x",
        "!HUSH!x y",
        "*HUSH",
        "'${A}\\nHUSH",
    ),
    *(
        "12345HUSH",
        "[",
        "{HUSH",
        "'HUSH",
        '"\\HUSH"',
        "HUSH: x",
        "|\n HUSH",
        "&HUSH x",
        "@HUSH",
        "`HUSH`",
        '"HUSH" HUSH',
        "{? [HUSH] : x}",
    ),
)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("key", ["api_key", "base_url"])
def test_secrets_are_never_shown(secret: str, key: str) -> None:
    """No message shows what stands at `api_key` or `base_url`, whatever is wrong with it."""
    assert all("HUSH" not in line for line in lines(f"deployments:\n  a:\n    {key}: {secret}\n"))


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("json", '{"deployments": {"a": {"api_key": "HUSH" "HUSH"}}}'),
        ("json", '{"deployments": {"a": {"api_key": HUSH}}}'),
        ("json", '{"deployments": {"a": {"api_key": "\\HUSH"}}}'),
        ("toml", "[deployments.a]\napi_key = HUSH"),
        ("toml", '[deployments.a]\napi_key = "\\HUSH"'),
        ("toml", "[deployments.a]\napi_key = 'HUSH' HUSH"),
        ("toml", "[deployments.a]\napi_key = {HUSH = 1, HUSH = 2}\n"),
        ("toml", "[deployments.a.api_key]\nHUSH = 1\n[deployments.a.api_key.HUSH]\n"),
        ("toml", "[deployments.a.api_key]\nHUSH.HUSH = 1\n[deployments.a.api_key.HUSH]\n"),
        ("toml", "deployments.a.api_key = {HUSH = 1}\n[deployments.a.api_key.HUSH]\n"),
        ("toml", "deployments.a.api_key = {HUSH = {HUSH = 1}, HUSH.HUSH = 1}\n"),
    ],
)
def test_secrets_are_never_shown_in_other_formats(form: Format, text: str) -> None:
    """TOML and JSON parsers quote no secret either."""
    assert lines(text, form)
    assert all("HUSH" not in line for line in lines(text, form))


URLS = {
    "https://api.example.com/v1": True,
    "http://localhost:8000": True,
    "HTTP://[::1]:8000/": True,
    "${BASE_URL}": True,
    "${BASE_URL}/v1": True,
    "https://${REGION}.example.com/${PATH_PART}": True,
    "https://user:HUSH@example.com": False,
    "https://HUSH@example.com": False,
    "https://${USER}:${HUSH}@example.com": False,
    "user:HUSH@example.com": False,
    "HUSH@example.com": False,
    "https:user:HUSH@example.com": False,
    "https:\\\\user:HUSH@example.com": False,
    "https://example.com?key=HUSH": False,
    "https://example.com#HUSH": False,
    "https://$HUSH": False,
    "https://${HUSH": False,
    "ftp://HUSH": False,
    "HUSH.example.com": False,
    "https://": False,
    "https:///HUSH": False,
    "https://HUSH example": False,
    "": False,
}


@pytest.mark.parametrize(("url", "is_fine"), URLS.items())
@pytest.mark.parametrize("section", ["accounts", "deployments"])
def test_urls(section: str, url: str, is_fine: bool) -> None:
    """A `base_url` is a web address, references allowed, without user and query; a wrong one is not shown."""
    text = f"voxplan: 1\ndeployments: {{}}\nroutes: {{}}\n{section}:\n  a: {{provider: x, model: y, base_url: '{url}'}}\n"
    text = text.replace("deployments: {}\n", "") if section == "deployments" else text.replace(" model: y,", "")
    assert bool(lines(text)) != is_fine
    assert all(line.startswith("specs/x.yaml:") and "base_url" not in line and "HUSH" not in line for line in lines(text))
    assert len(lines(text)) <= 1


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("routes", "r"), Place(6, 3)),
        (("routes", "r", "first", 0), Place(6, 7)),
        (("routes", "r", "first", 0, "use"), Place(6, 7)),
        (("routes", "r", "first", 1, "balance", "among"), Place(6, 21)),
        (("routes", "r", "first", 1, "balance", "among", 0, "route", "use"), Place(6, 29)),
        (("routes", "r", "first", 1, "balance", "among", 0, "weight"), Place(6, 32)),
        (("routes", "r", "first", 2, "balance", "among", 0, "route", "use"), Place(6, 74)),
        (("routes", "r", "first", 2, "balance", "among", 0, "weight"), Place(6, 66)),
        (("routes", "r", "first", 0, "timeout"), Place(6, 7)),
        (("routes", "other", "first"), Place(5, 1)),
        (("defaults", "deadline"), Place(1, 1)),
        ((), Place(1, 1)),
    ],
)
def test_locate(path: Path, place: Place) -> None:
    """Paths of the normal form lead to what was written, or to the nearest thing around it."""
    document = found(
        f"{HEAD}routes:\n  r: [a, {{balance: {{among: {{a: 3}}}}}}, {{balance: {{among: [{{weight: 2, use: b}}]}}}}]\n"
    )
    assert document.locate(path) == place


def test_key_on_is_text() -> None:
    """`on` is a key in YAML, and `no` a region, as everyone expects."""
    text = HEAD.replace("local, model", "local, region: no, model", 1) + "routes: {r: {first: [a, b], on: ['*']}}"
    assert found(text).spec.deployments["a"].region == "no"
    assert found(text).spec.routes["r"].on == ("*",)


@pytest.mark.parametrize("form", ["yaml", "toml", "json"])
def test_an_empty_document(form: Format) -> None:
    """An empty file is one problem, in the first line."""
    assert lines("", form) == ["specs/x.yaml:1:1: the document is empty"]


def test_a_document_that_is_no_mapping() -> None:
    """A list or a text is no spec."""
    assert lines("[a]") == ["specs/x.yaml:1:1: expected a mapping, got a list"]
    assert lines("hello") == ["specs/x.yaml:1:1: expected a mapping, got `hello`"]


def nested(opening: str, closing: str, levels: int) -> str:
    """A spec whose only route is nested so deep."""
    return f"{HEAD}routes:\n  r: {opening * levels}a{closing * levels}\n"


@pytest.mark.parametrize(
    ("opening", "closing", "levels"),
    [("[", "]", 47), ("{first: [", "]}", 23), ("{balance: {among: [", "]}}", 15), ("{race: {stagger: 1, among: [", "]}}", 15)],
)
def test_the_deepest_routes(opening: str, closing: str, levels: int) -> None:
    """Routes as deep as a document may be are read and printed, well within the stack; deeper ones are a problem."""
    spec = found(nested(opening, closing, levels)).spec
    assert read(print_spec(spec, "yaml"), "yaml", "specs/x.yaml").unwrap().spec == spec
    assert spec_digest(spec)
    assert [line.split(": ")[1] for line in lines(nested(opening, closing, levels + 2))] == ["nested more than 50 deep"]


def deployment_problems(text: str) -> list[str]:
    """What is wrong with these keys of a deployment, as `column: message`."""
    document = f"voxplan: 1\ndeployments:\n  a: {{provider: local, model: default, {text}}}\nroutes: {{r: a}}\n"
    return [line.removeprefix("specs/x.yaml:3:") for line in lines(document)]


ANYTHING = "expected text, a number, `true` or `false`, a list or a mapping"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("options: {a: {b: {c: {d: {e: 1}}}}}", []),
        ("options: {a: [[[[1]]]]}", []),
        ("options: {a: [[[[[1]]]]]}", ["57: expected text, a number, `true` or `false`, got a list"]),
        ("options: {a: null}", [f"53: {ANYTHING}, got `null`"]),
        ("options: {a: [1, {b: null}]}", [f"61: {ANYTHING}, got `null`"]),
        ("options: [a]", ["40: expected a mapping, got a list"]),
        ("settings: {a: 5}", ["54: expected text"]),
        ("settings: {a: true, b: [x], c: {d: x}}", ["54: expected text", "60: expected text", "68: expected text"]),
        ("settings: s3cret", ["50: expected a mapping"]),
    ],
)
def test_what_settings_and_options_may_hold(text: str, expected: list[str]) -> None:
    """Options nearly anything, settings text; what a setting says is never shown."""
    assert deployment_problems(text) == expected


def test_a_date_of_toml_is_no_text() -> None:
    """Without quotes it is a mistake, with them it is what the provider wants."""
    head = (
        'voxplan = 1\nroutes = {r = "a"}\n[deployments.a]\nprovider = "local"\nmodel = "m"\n[deployments.a.options]\nversion = '
    )
    assert lines(f"{head}2024-10-21", "toml") == [
        "specs/x.yaml:7:11: dates and times have no meaning here: write the text in quotes"
    ]
    assert found(f'{head}"2024-10-21"', "toml").spec.deployments["a"].options == {"version": "2024-10-21"}
