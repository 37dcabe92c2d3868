import io
import wave

from msgspec.structs import replace

from tests.making import router, use
from voxplan.engine.language.spec import Accept, Retry, Rules
from voxplan.engine.observed.view import EMPTY_VIEW, DeploymentView, View
from voxplan.engine.plans.plan import Attempt
from voxplan.engine.plans.planning import plan
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.request import Request
from voxplan.io_shell.health_checking import check_route, checks, second_of_sound

ROUTER = router(replace(use("a"), retry=Retry(times=3), accept=Accept(not_empty=True)), "a", "b")


def root(found: Router, deployment: str) -> Attempt:
    """The one attempt of a check of the deployment."""
    planned = plan(checks(found), Request(route=check_route(deployment)), EMPTY_VIEW, 0, 1).unwrap()
    assert isinstance(planned.root, Attempt)
    return planned.root


def test_the_sound_is_a_second_that_is_not_silent() -> None:
    """A WAV of one channel at 16 kHz."""
    with wave.open(io.BytesIO(second_of_sound())) as audio:
        assert (audio.getnchannels(), audio.getframerate(), audio.getnframes()) == (1, 16_000, 16_000)
        assert any(audio.readframes(16_000))


def test_each_deployment_has_a_way_of_its_own() -> None:
    """One call, by no route's rules; also where no route leads."""
    for name in ("a", "b"):
        attempt = root(ROUTER, name)
        assert (attempt.deployment, attempt.delays_ms, attempt.gates, attempt.timeout_ms) == (name, (), None, 60_000)
    assert set(checks(ROUTER).routes) == {check_route("a"), check_route("b")}


def test_defaults_do_not_hold() -> None:
    """They are rules of routes too."""
    assert root(router(use("a"), "a", defaults=Rules(retry=Retry(times=2))), "a").delays_ms == ()


def test_a_cooling_deployment_has_no_plan() -> None:
    """Also where the spec would try it all the same."""
    cooling = View(deployments={"a": DeploymentView(circuit="open", until_ms=9)})
    refusal = plan(checks(ROUTER), Request(route=check_route("a")), cooling, 8, 1).failure()
    assert refusal.retry_after_ms == 1
