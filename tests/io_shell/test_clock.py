import time

import anyio
import pytest

from voxplan.io_shell.clock import LoopClock

pytestmark = pytest.mark.anyio


async def test_moments_are_the_wall_clocks_when_it_starts() -> None:
    """To within what making it takes."""
    assert abs(LoopClock().now_ms() - time.time() * 1000) < 1_000


async def test_moments_and_loop_times_are_counterparts() -> None:
    """A moment on the loop's clock is that moment."""
    clock = LoopClock(1_000)
    assert clock.loop_time(1_500) - clock.loop_time(1_000) == pytest.approx(0.5)
    with anyio.CancelScope(deadline=clock.loop_time(1_020)):
        await anyio.sleep_forever()
    assert clock.now_ms() >= 1_020


async def test_setting_the_machines_time_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall clock is read once."""
    clock = LoopClock()
    before = clock.now_ms()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert 0 <= clock.now_ms() - before < 1_000
