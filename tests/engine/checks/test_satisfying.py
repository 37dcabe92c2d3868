from functools import partial
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.random_specs import ROUTES, random_condition
from tests.strategies import random_request
from voxplan.engine.checks.representing import parts_of, representatives, request_of
from voxplan.engine.checks.satisfying import FALSE, TRUE, UNKNOWN, Goal, Search, formulas, truth_of
from voxplan.engine.language.condition import Condition, NumberRange
from voxplan.engine.plans.deciding import decide

TRUTHS = {True: TRUE, False: FALSE, None: UNKNOWN}


def plain(chance: Random) -> Condition:
    """A condition that asks neither about samples nor about times."""
    while "Sample(" in repr(found := random_condition(chance)) or "TimeWindow(" in repr(found):
        pass
    return found


@given(st.randoms(use_true_random=False))
def test_what_some_request_comes_to_is_possible(chance: Random) -> None:
    """Whatever truth a condition has for a request, the search finds a request for which it has it too."""
    condition, request = plain(chance), random_request(chance)
    (formula,), facts = formulas((condition,), ROUTES, "free")
    search = Search(facts, partial(truth_of, zones={}, reading="free"))
    truth = decide(condition, request, 0, 0, {})
    values = next(search.solutions([Goal(formula, TRUTHS[truth])]))
    assert decide(condition, request_of(str(values.get("route", ROUTES[0])), values), 0, 0, {}) is truth


@given(st.randoms(use_true_random=False))
def test_what_is_found_is_so(chance: Random) -> None:
    """Each solution really has the truths that were wanted of several conditions together."""
    conditions = [plain(chance) for _ in range(3)]
    made, facts = formulas(conditions, ROUTES, "free")
    wanted = [chance.choice((TRUE, FALSE, UNKNOWN, FALSE | UNKNOWN)) for _ in conditions]
    search = Search(facts, partial(truth_of, zones={}, reading="free"))
    for values, _ in zip(search.solutions([Goal(*pair) for pair in zip(made, wanted, strict=True)]), range(5), strict=False):
        request = request_of(str(values.get("route", ROUTES[0])), values)
        for condition, truths in zip(conditions, wanted, strict=True):
            assert TRUTHS[decide(condition, request, 0, 0, {})] & truths


def test_numbers_have_a_representative_in_every_gap() -> None:
    """Unknown, nothing, each bound, between them, above them."""
    parts = [*parts_of(Condition(audio_seconds=NumberRange(over=10, under=20)))]
    seconds = representatives(parts, ROUTES)["audio.seconds"]
    numbers = [each for each in seconds if isinstance(each, int | float)]
    assert None in seconds
    assert {0, 10, 20} <= {*numbers}
    assert any(10 < each < 20 for each in numbers)
    assert any(each > 20 for each in numbers)


def test_whole_numbers_have_none_where_there_is_none() -> None:
    """Between three and four bytes there is nothing; channels start at one."""
    sizes = representatives([Condition(audio_bytes=NumberRange(over=3, under=4))], ROUTES)["audio.bytes"]
    assert all(each is None or each == int(each) for each in sizes if not isinstance(each, str))
    channels = representatives([Condition(audio_channels=NumberRange(under=1))], ROUTES)["audio.channels"]
    assert 0 not in channels
