"""Variables that a spec refers to and that are not set: each call that needs one will fail, so somebody should know before."""

from collections.abc import Iterator, Mapping

from voxplan.engine.plans.router import Router, RouterDeployment
from voxplan.engine.terms.spelling import quoted
from voxplan.io_shell.references import missing_references

__all__ = ("unset",)


def unset(router: Router, environment: Mapping[str, str]) -> Iterator[str]:
    """A line for each deployment and variable. An address that cannot be made keeps the spec from being opened, and says so."""
    for name, deployment in router.deployments.items():
        for what, text in _needed(router, deployment):
            for variable in missing_references(text, environment):
                yield f"deployment {quoted(name)}: {what} needs the environment variable `{variable}`, which is not set"


def _needed(router: Router, deployment: RouterDeployment) -> Iterator[tuple[str, str]]:
    """What a call cannot do without: the key where it needs one or the spec names one, and settings that the spec makes."""
    facts = router.facts[deployment.provider]
    if deployment.api_key is not None and (facts.needs_key or deployment.api_key != facts.default_key):
        yield "its key", deployment.api_key
    defaults = {setting.name: setting.default for setting in facts.settings}
    yield from ((f"`{name}`", text) for name, text in deployment.settings if text != defaults.get(name))
