"""One deployment called by itself, to see how it is: what is said, and by which way.

The routes' rules do not hold: no fallback takes over, no retry hides a failure, no guardrail is asked. What does hold is health:
a deployment that cools off has no plan, so it is left alone until its time has come.
"""

import io
import math
import struct
import wave
from functools import cache
from typing import Final

from msgspec.structs import replace

from voxplan.engine.language.spec import RouteNode, Rules
from voxplan.engine.plans.compiling import compile_checked
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.quantity import Span

__all__ = ("check_route", "checks", "second_of_sound")

_TIMEOUT: Final = Span(60_000)  # far more than a second of sound takes anywhere, and time to load a model
_RATE_HZ: Final = 16_000
_TONE_HZ: Final = 440
_PEAK: Final = 3_000  # of 32,767: soft, and not the silence that some providers refuse


def check_route(deployment: str) -> str:
    """The route of a check. No name in a spec holds a blank, so it is nobody else's."""
    return f"health check of {deployment}"


def checks(router: Router) -> Router:
    """The same deployments, each with a route of its own, and no other rules."""
    alone = {
        check_route(name): RouteNode(use=name, timeout=_TIMEOUT, when_all_cooling="refuse") for name in router.spec.deployments
    }
    return compile_checked(replace(router.spec, routes=alone, defaults=Rules(), tests=()), router.facts, router.zones)


@cache
def second_of_sound() -> bytes:
    """A WAV of one second, a soft tone."""
    file = io.BytesIO()
    with wave.open(file, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(_RATE_HZ)
        audio.writeframes(b"".join(struct.pack("<h", _sample(number)) for number in range(_RATE_HZ)))
    return file.getvalue()


def _sample(number: int) -> int:
    return round(_PEAK * math.sin(2 * math.pi * _TONE_HZ * number / _RATE_HZ))
