from voxplan.engine.language.spec import Deployment, RouteNode, Spec
from voxplan.io_shell.loading import load
from voxplan.io_shell.serving.unset import unset

THERE = {
    "defaulted": Deployment(provider="openai", model="whisper-1"),
    "named": Deployment(provider="groq", model="whisper-large-v3", api_key="${MINE}"),
    "free": Deployment(provider="openai_compatible", model="whisper", base_url="http://127.0.0.1:1/v1"),
    "guarded": Deployment(provider="openai_compatible", model="whisper", base_url="http://127.0.0.1:1/v1", api_key="${THEIRS}"),
    "own": Deployment(provider="local", model="default"),
    "cloud": Deployment(provider="vertex_ai", model="gemini-2.5-flash", settings={"project": "${PROJECT}"}),
}
ROUTER = load(Spec(voxplan=1, deployments=THERE, routes={"main": RouteNode(first=tuple(RouteNode(use=name) for name in THERE))}))


def told(name: str, what: str, variable: str) -> str:
    """The line."""
    return f"deployment `{name}`: {what} needs the environment variable `{variable}`, which is not set"


def test_what_a_call_cannot_do_without_is_told() -> None:
    """Keys that are needed or named, and settings; not what has a default that nobody needs."""
    assert list(unset(ROUTER, {})) == [
        told("cloud", "`project`", "PROJECT"),
        told("defaulted", "its key", "OPENAI_API_KEY"),
        told("guarded", "its key", "THEIRS"),
        told("named", "its key", "MINE"),
    ]


def test_what_is_set_is_not_told() -> None:
    """An empty value is none."""
    known = {"OPENAI_API_KEY": "k", "MINE": "", "THEIRS": "k", "PROJECT": "p"}
    assert list(unset(ROUTER, known)) == [told("named", "its key", "MINE")]
