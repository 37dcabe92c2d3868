"""A service of somebody else's that uses voxplan twice, on asyncio: it mounts the gateway, and asks the engine itself.

    pip install 'voxplan[gateway,local]'
    python examples/asyncio_service.py

    curl -F file=@talk.wav -F model=default http://127.0.0.1:8000/speech/v1/audio/transcriptions
    curl --data-binary @talk.wav http://127.0.0.1:8000/notes

It needs no key: without a spec, both use the recogniser on this machine. Give them yours: `voxplan.gateway("routing.yaml", …)`.
With FastAPI it is the same: `FastAPI(lifespan=lifespan)`, and `app.mount("/speech", speech)`.
"""

import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypedDict

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

import voxplan

# Who may call the gateway, with which key. Without one, everybody who can reach this port may.
speech = voxplan.gateway(None, voxplan.GatewayOptions(key=os.environ.get("SPEECH_KEY")))


class State(TypedDict):
    """What every request of this service can use."""

    vox: voxplan.Vox


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncGenerator[State]:
    """Open once, use everywhere. A server tells only the outermost application of its start, so the gateway is entered here."""
    async with speech.running(), voxplan.open() as vox:
        yield {"vox": vox}


async def take_note(request: Request) -> Response:
    """An endpoint of the service's own: the body is a recording, and is transcribed as it comes in."""
    vox: voxplan.Vox = request.state.vox
    try:
        answer = await vox.transcribe(request.stream())
    except voxplan.RequestError as error:  # the caller's fault: this is no audio, or nobody could do what is asked
        return JSONResponse({"problem": str(error)}, status_code=400)
    except voxplan.ProviderError as error:  # upstream's: everything that the spec allows was tried
        return JSONResponse({"problem": str(error)}, status_code=503)
    return JSONResponse({"note": answer.text, "words": len(answer.text.split()), "heard_by": answer.served_by})


app = Starlette(routes=[Route("/notes", take_note, methods=["POST"]), Mount("/speech", speech)], lifespan=lifespan)

if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]) if len(sys.argv) > 1 else 8000)
