"""A spec of one deployment at a stand of the kit, and one transcription there."""

from collections.abc import Mapping
from typing import Unpack

from msgspec.structs import replace

import voxplan
from tests.conformance.socket_server import SocketServer
from tests.conformance.stands import KEY_NAME, Stand
from tests.sounds import tone
from voxplan.engine.language.spec import PassedOption, RouteNode, Spec
from voxplan.io_shell.options import TranscribeOptions

__all__ = ("There",)

AUDIO = tone()


class There:
    """One deployment: its model, its key, its own settings and request fields."""

    def __init__(
        self,
        stand: Stand,
        server: SocketServer,
        model: str | None = None,
        *,
        key: str | None = None,
        options: Mapping[str, PassedOption] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Nothing is sent yet."""
        deployment = stand.deployment(server, model)
        there = replace(deployment, options=dict(options or {}), settings={**deployment.settings, **(settings or {})})
        self._spec = Spec(voxplan=1, deployments={"here": there}, routes={"main": RouteNode(use="here")})
        self._key = key or stand.key or ""

    async def transcribe(self, **options: Unpack[TranscribeOptions]) -> voxplan.Answer:
        """One transcription of the tone."""
        wanted: TranscribeOptions = {"filename": "tone.wav", **options}
        async with voxplan.open(self._spec, environment={KEY_NAME: self._key}) as vox:
            return await vox.transcribe(AUDIO, **wanted)
