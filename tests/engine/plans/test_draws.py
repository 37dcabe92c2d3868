from hypothesis import given
from hypothesis import strategies as st

from voxplan.engine.plans.draws import bits, delay_ms, draw, drawn_below, finishes, greatest_first, label_bits, lanes, order

ROOTS = st.integers(0, 2**64 - 1)


def test_the_order_does_not_depend_on_the_order_of_the_arms() -> None:
    """Arms race by name."""
    arms = (("a", 1), ("b", 2), ("c", 3))
    assert order(5, arms) == order(5, arms[::-1])


def test_another_seed_or_node_draws_anew() -> None:
    """Some of a hundred draws differ."""
    arms = (("a", 1), ("b", 1))
    assert len({order(draw(seed), arms) for seed in range(100)}) == 2
    assert len({order(drawn_below(draw(1), label_bits(f"n{number}")), arms) for number in range(100)}) == 2


def test_names_are_not_run_together() -> None:
    """Whatever characters stand in them."""
    assert len({draw(1, "ab", "c"), draw(1, "a", "bc"), draw(1, "abc"), draw(1, "a\x1fb", "c"), draw(1, "ab\x1fc")}) == 5


@given(ROOTS, st.integers(1, 40))
def test_many_arms_are_mixed_as_each_of_them_alone(root: int, count: int) -> None:
    """The long number gives the same bits as one arm at a time."""
    labels = [label_bits(str(number)) for number in range(count)]
    together = bits(root, lanes([(label, 1) for label in labels]))
    assert together == tuple(bits(root, lanes([(label, 1)]))[0] for label in labels)


@given(ROOTS, st.lists(st.integers(1, 5), min_size=1, max_size=30))
def test_taking_one_at_a_time_gives_the_sorted_order(root: int, weights: list[int]) -> None:
    """However many are asked for."""
    values = finishes(root, lanes([(label_bits(str(number)), weight) for number, weight in enumerate(weights)]))
    assert list(greatest_first(values)) == sorted(range(len(values)), key=lambda place: (-values[place], place))


def test_delays_fill_their_range() -> None:
    """Both ends are drawn sooner or later, nothing beyond them."""
    drawn = {delay_ms(draw(seed), label_bits("n"), 1, 1, 100) for seed in range(200)}
    assert drawn == {0, 1, 2}
    assert all(0 <= delay_ms(draw(seed), label_bits("n"), 9, 1_000, 50) <= 50 for seed in range(200))


def test_pinned_draws_stay_as_they_are() -> None:
    """A change of these would change every stored plan."""
    root = draw(42)
    assert root == 6319743179241711738
    decision = drawn_below(root, label_bits("whisper/balance"))
    assert order(decision, (("azure", 1), ("groq", 1), ("openai", 3))) == (
        "openai",
        "groq",
        "azure",
    )
    waits = [delay_ms(root, label_bits("whisper/openai", f"retry {k}"), k, 500, 8_000) for k in range(4)]
    assert waits == [12, 446, 1869, 315]
