from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.io_shell.local.recordings import samples
from voxplan.io_shell.local.splitting import RATE, Piece, Samples, Splitter


def split(recording: Samples, step: int = 1024) -> list[Piece]:
    """All pieces of a recording that comes `step` samples at a time."""
    splitter = Splitter()
    pieces = [piece for at in range(0, recording.size, step) for piece in splitter.feed(recording[at : at + step])]
    return [*pieces, *splitter.finish()]


def speech(seconds: float) -> Samples:
    """A loud noise that never pauses."""
    return np.random.default_rng(1).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)


def silence(seconds: float) -> Samples:
    """A very quiet noise."""
    return np.random.default_rng(2).normal(0, 0.0003, int(seconds * RATE)).astype(np.float32)


def test_pieces_are_in_order_and_short_enough() -> None:
    """Real speech: pieces do not overlap, none is longer than 25 s and its padding, all speech is within its samples."""
    pieces = split(samples())
    assert all(one.end <= other.start for one, other in pairwise(pieces))
    assert all(piece.samples.size <= 26 * RATE for piece in pieces)
    for piece in pieces:
        assert piece.offset <= piece.start < piece.end <= piece.offset + piece.samples.size / RATE + 0.02


@given(st.integers(1, 60_000))
def test_cuts_do_not_depend_on_how_samples_arrive(step: int) -> None:
    """The same recording in other portions gives the same pieces."""
    recording = samples()[: 15 * RATE]
    assert [piece[1:] for piece in split(recording, max(step, 50))] == [piece[1:] for piece in split(recording)]


def test_a_clear_pause_is_a_cut() -> None:
    """Two stretches of speech with two seconds between them are two pieces with their own times."""
    first, second = split(np.concatenate([silence(1), speech(3), silence(2), speech(3), silence(1)]))
    assert (first.start, first.end) == pytest.approx((1, 4), abs=0.1)
    assert (second.start, second.end) == pytest.approx((6, 9), abs=0.1)


def test_speech_without_any_pause_is_cut_at_the_limit() -> None:
    """A minute of uninterrupted sound is never one piece, and none of it is lost."""
    pieces = split(np.concatenate([silence(2), speech(60), silence(2)]))
    assert max(piece.end - piece.start for piece in pieces) <= 25.6
    assert sum(piece.end - piece.start for piece in pieces) == pytest.approx(60, abs=0.5)


@pytest.mark.parametrize("recording", [np.zeros(5 * RATE), np.zeros(0), np.full(RATE, np.nan)], ids=["silence", "nothing", "nan"])
def test_without_speech_there_are_no_pieces(recording: Samples) -> None:
    """Digital silence, no samples at all and NaN give nothing to recognise."""
    assert split(recording.astype(np.float32)) == []


def test_a_click_is_no_speech() -> None:
    """A sound of a tenth of a second is left out."""
    assert split(np.concatenate([silence(3), speech(0.1), silence(3)])) == []


def test_what_is_held_does_not_grow() -> None:
    """Ten minutes of silence, noise and speech leave less than a minute of samples in the splitter."""
    splitter = Splitter()
    for part in (silence(60), speech(60), np.zeros(60 * RATE, dtype=np.float32)) * 3:
        assert all(piece.samples.size <= 26 * RATE for piece in splitter.feed(part))
        assert splitter._held.size < 60 * RATE  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    assert splitter.seconds == 540
