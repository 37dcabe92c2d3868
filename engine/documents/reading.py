"""A routing spec from its text: every mistake at once, each with its place (laws T5, T6, S4).

The way of a document: `document` makes a tree of any bytes, `_lifting` writes its short forms out, `decoding` makes a `Spec` of
it. What names refer to is checked later, in `checking`, which finds places by `ReadSpec.locate`. No message shows what stands
at `api_key`, `base_url` or `settings`, because that may be a secret.
"""

from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec.structs import replace
from returns.result import Failure, Success

from voxplan.engine.documents import tree
from voxplan.engine.documents._lifting import lift
from voxplan.engine.documents.decoding import Language, decode
from voxplan.engine.documents.document import FORMATS, Format, parse_document
from voxplan.engine.documents.tree import IMPLIED_KEYS, MAX_PROBLEMS, SECRET_KEYS, Node, Path, Place, Problem, Scalar
from voxplan.engine.language.addresses import address_problem
from voxplan.engine.language.condition import Condition, MoneyRange, NumberRange
from voxplan.engine.language.policy import PolicyExpectation, PolicyRequest, PolicyTest, Scripted
from voxplan.engine.language.spec import Account, Branch, Deployment, RouteNode, Selector, Spec
from voxplan.engine.terms.amounts import parse_clock_time, parse_money, parse_share, parse_size
from voxplan.engine.terms.quantity import ClockTime, Money, Share, Size, Span, parse_span

__all__ = ("FORMATS", "Format", "Path", "Place", "Problem", "ReadSpec", "Reading", "format_problem", "read", "read_what_there_is")

_LANGUAGE: Final = Language(
    leaves={Span: parse_span, Share: parse_share, Money: parse_money, Size: parse_size, ClockTime: parse_clock_time},
    nouns={
        Branch: "a branch such as `{if: {language: fi}, then: some-route}`",
        ClockTime: "a time of day such as `08:00`",
        Condition: "a condition such as `{language: fi}`",
        Money: "US dollars such as `$0.05`",
        MoneyRange: "a range such as `{over: $1}`",
        NumberRange: "a number, a list of numbers or a range such as `{over: 60}`",
        PolicyExpectation: "a mapping such as `{served_by: some-deployment}`",
        PolicyRequest: "a mapping such as `{route: some-route}`",
        PolicyTest: "a test (a mapping with `name`, `request`, `world`, `expect`)",
        RouteNode: "a route (a name, a list or a mapping)",
        Scripted: "what a call comes to (`ok`, `hangs`, a failure kind or a mapping)",
        Selector: "a mapping such as `{region: eu}`",
        Share: "a share such as `5%`",
        Size: "a size such as `25MB`",
        Span: "a duration such as `8s`",
    },
    secrets=SECRET_KEYS,
    implied=IMPLIED_KEYS,
)


class ReadSpec(msgspec.Struct, frozen=True):
    """A spec, and where in the document `source` the things at each path of its normal form stand."""

    spec: Spec
    places: dict[Path, Place]
    source: str

    def locate(self, path: Path) -> Place:
        """The place of `path`, or of the nearest thing around it that was written."""
        ways = (path[:length] for length in range(len(path), 0, -1))
        return next((self.places[way] for way in ways if way in self.places), self.places[()])


class Reading(msgspec.Struct, frozen=True):
    """What there is of a spec, None if too little; and what is wrong in its document, in the order of the places."""

    document: ReadSpec | None
    problems: tuple[Problem, ...]


def read(content: bytes | str, form: Format, source: str) -> Success[ReadSpec] | Failure[tuple[Problem, ...]]:
    """Read the spec in `content`; never raises. The problems come in the order of the document, never none."""
    reading = read_what_there_is(content, form, source)
    if reading.problems or reading.document is None:
        return Failure(reading.problems)
    return Success(reading.document)


def read_what_there_is(content: bytes | str, form: Format, source: str) -> Reading:
    """Read the spec in `content` in spite of problems, so that its names can be checked all the same; never raises."""
    parsed = parse_document(content, form)
    if isinstance(parsed, Failure):
        return Reading(None, _in_order(parsed.failure()))
    document = parsed.unwrap()
    root, misshapen = lift(document.root)
    decoded = decode(root, Spec, _LANGUAGE)
    problems = (*document.problems, *misshapen, *_address_problems(root), *decoded.problems)
    if decoded.salvaged is None:
        return Reading(None, _in_order(problems))
    spec = decoded.salvaged if not problems else _with_all_names(decoded.salvaged, decoded.places)
    return Reading(ReadSpec(spec, decoded.places, source), _in_order(problems))


def _with_all_names(spec: Spec, places: dict[Path, Place]) -> Spec:
    """The spec with an empty entry under every name of which too little was left: whoever uses the name made no mistake."""
    names = [path for path in places if len(path) == len(("section", "name"))]
    deployments = {str(name): Deployment(model="") for section, name in names if section == "deployments"}
    accounts = {str(name): Account(provider="") for section, name in names if section == "accounts"}
    routes = {str(name): RouteNode() for section, name in names if section == "routes"}
    return replace(
        spec, deployments=deployments | spec.deployments, accounts=accounts | spec.accounts, routes=routes | spec.routes
    )


def format_problem(problem: Problem, source: str) -> str:
    """The problem on one line, in the form that editors and terminals open: `file:line:column: message`."""
    return f"{source}:{problem.place.line}:{problem.place.column}: {problem.message}"


def _in_order(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: problem.place)[:MAX_PROBLEMS])


def _address_problems(root: Node) -> Iterator[Problem]:
    """What is wrong with each `base_url`; never what it says."""
    for section in _entries(root):
        for item in _entries(section.value) if section.key in {"accounts", "deployments"} else ():
            for entry in _entries(item.value):
                match entry:
                    case tree.Entry("base_url", _, Scalar(str(url), place)) if message := address_problem(url):
                        yield Problem((section.key, item.key, "base_url"), place, message)
                    case _:
                        pass


def _entries(node: Node) -> tuple[tree.Entry, ...]:
    return node.entries if isinstance(node, tree.Mapping) else ()
