"""`POST /v1/audio/translations`: a transcription whose text is wanted in English, whatever is spoken.

OpenAI's form has fewer fields there. Here it has all of them: some models translate with more of them than OpenAI's do, and for a
deployment that cannot the plan has its reason, as for everything that is asked. Nothing is left out in silence.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from voxplan.engine.plans.expanding import leaves
from voxplan.engine.plans.router import Router
from voxplan.engine.terms.spelling import listed, quoted
from voxplan.io_shell.gateway.asking import asked_by
from voxplan.io_shell.gateway.envelopes import Refused, stated
from voxplan.io_shell.gateway.fields import Asked
from voxplan.io_shell.gateway.transcriptions import transcriptions
from voxplan.io_shell.gateway.turns import Turn
from voxplan.io_shell.options import TranscribeOptions

__all__ = ("asked_translation", "translations")


async def translations(turn: Turn) -> None:
    """Serve one request."""
    await transcriptions(turn, asked_translation)


def asked_translation(turn: Turn, fields: Sequence[tuple[str, str]]) -> Asked:
    """What the form asks for. Raises Refused, beside what `asked_by` raises, where nothing that is asked for can translate."""
    asked, router = asked_by(turn, fields), turn.opened.policy.router
    named = (asked.options.get("route") or asked.model, *asked.options.get("fallbacks", ()))
    if not any(_translates(router, name) for name in named):
        able = [name for name in router.routes if turn.caller.may_name(name) and _translates(router, name)]
        others = f"{listed(able)} can" if able else "neither can those of any other that you may use"
        message = f"no deployment of route {quoted(asked.model)} can translate: {others}"
        raise Refused(stated(400, message, param="model", code="unsupported_value"))
    return replace(asked, options={**asked.options, **TranscribeOptions(translate=True)})


def _translates(router: Router, name: str) -> bool:
    """Whether a route holds a deployment that can translate, or is one. A name that is neither has its own error."""
    if name in router.routes:
        return any(leaf.deployment.capabilities.translate for leaf in leaves(router.routes[name].root))
    deployment = router.deployments.get(name)
    return deployment is None or deployment.capabilities.translate
