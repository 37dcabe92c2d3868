from voxplan.engine.draws import delay_ms, order


def test_the_order_does_not_depend_on_the_order_of_the_arms() -> None:
    """Arms race by name."""
    arms = (("a", 1), ("b", 2), ("c", 3))
    assert order(5, "n", arms) == order(5, "n", arms[::-1])


def test_another_seed_or_node_draws_anew() -> None:
    """Some of a hundred draws differ."""
    arms = (("a", 1), ("b", 1))
    assert len({order(seed, "n", arms) for seed in range(100)}) == 2
    assert len({order(1, f"n{number}", arms) for number in range(100)}) == 2


def test_delays_fill_their_range() -> None:
    """Both ends are drawn sooner or later, nothing beyond them."""
    drawn = {delay_ms(seed, "n", 1, 1, 100) for seed in range(200)}
    assert drawn == {0, 1, 2}
    assert all(0 <= delay_ms(seed, "n", 9, 1_000, 50) <= 50 for seed in range(200))


def test_pinned_draws_stay_as_they_are() -> None:
    """A change of these would change every stored plan."""
    assert order(42, "whisper/balance", (("azure", 1), ("groq", 1), ("openai", 3))) == ("groq", "openai", "azure")
    assert [delay_ms(42, "whisper/openai", k, 500, 8_000) for k in range(4)] == [293, 466, 906, 2992]
