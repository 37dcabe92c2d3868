"""OpenAI's asynchronous client at the gateway."""

from typing import Any

import anyio
import pytest

from tests.clients.world import AUDIO, KEY, TEXT, World
from tests.conformance.behaviours import Hang, Reply

openai = pytest.importorskip("openai")

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.anyio]

Client = Any  # whoever has no such package checks the types of this file too

FILE = ("tone.wav", AUDIO, "audio/wav")


def at(there: World, key: str = KEY) -> Client:
    """A client at the gateway, which asks once."""
    return openai.AsyncOpenAI(base_url=f"{there.address}/v1", api_key=key, max_retries=0)


async def test_the_text(there: World) -> None:
    """The plainest call there is."""
    async with at(there) as client:
        assert (await client.audio.transcriptions.create(model="whisper", file=FILE)).text == TEXT


async def test_many_at_once(there: World) -> None:
    """One client, one connection pool, each its own answer."""
    heard: dict[str, str] = {}

    async def hear(response_format: str) -> None:
        found = await client.audio.transcriptions.create(model="whisper", file=FILE, response_format=response_format)
        heard[response_format] = found if isinstance(found, str) else found.text

    async with at(there) as client, anyio.create_task_group() as tasks:
        for each in ("json", "text", "srt", "vtt", "verbose_json"):
            tasks.start_soon(hear, each)
    assert {name: text.strip() for name, text in heard.items() if name not in {"srt", "vtt"}} == dict.fromkeys(
        ("json", "text", "verbose_json"), TEXT
    )
    assert heard["srt"].startswith("1\n")
    assert heard["vtt"].startswith("WEBVTT")


async def test_a_stream(there: World) -> None:
    """Deltas, and the end."""
    async with at(there) as client:
        stream = await client.audio.transcriptions.create(model="live", file=FILE, stream=True)
        events = [event async for event in stream]
    assert "".join(event.delta for event in events[:-1]) == TEXT
    assert events[-1].text == TEXT


async def test_a_stream_left_early(there: World) -> None:
    """The caller goes; the gateway serves the next."""
    async with at(there) as client:
        stream = await client.audio.transcriptions.create(model="live", file=FILE, stream=True)
        async for event in stream:
            assert event.type == "transcript.text.delta"
            break
        await stream.close()
        assert (await client.audio.transcriptions.create(model="live", file=FILE)).text == TEXT


@pytest.mark.parametrize(
    ("behaviour", "raised"),
    [
        (Reply(429, b"{}", headers=(("retry-after", "2"),)), "RateLimitError"),
        (Reply(500, b"{}"), "InternalServerError"),
    ],
)
async def test_a_provider_that_fails(there: World, behaviour: Reply, raised: str) -> None:
    """The exceptions are those of the synchronous client."""
    there.upstream.expect(behaviour)
    async with at(there) as client:
        with pytest.raises(getattr(openai, raised)):
            await client.audio.transcriptions.create(model="whisper", file=FILE)


async def test_a_wrong_key(there: World) -> None:
    """Nothing is sent on."""
    async with at(there, "sk-wrong") as client:
        with pytest.raises(openai.AuthenticationError):
            await client.audio.transcriptions.create(model="whisper", file=FILE)
    assert there.upstream.seen == []


async def test_its_own_timeout(there: World) -> None:
    """It raises, and what it asked for is called off."""
    there.upstream.expect(Hang())
    async with at(there) as client:
        with pytest.raises(openai.APITimeoutError):
            await client.audio.transcriptions.create(model="whisper", file=FILE, timeout=0.3)


async def test_azure_s_asynchronous_client(there: World) -> None:
    """With its own address and header."""
    client = openai.AsyncAzureOpenAI(azure_endpoint=there.address, api_version="2024-10-21", api_key=KEY, max_retries=0)
    async with client:
        assert (await client.audio.transcriptions.create(model="whisper", file=FILE)).text == TEXT
