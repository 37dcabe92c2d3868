"""What LiteLLM's page on `/audio/transcriptions` says can be done, beside its commands: each of its claims, here.

One gateway runs one configuration in LiteLLM's own words, in which `api_base` leads to the kit's servers.
"""

import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import httpx
import pytest

from tests.conformance.behaviours import Honest
from tests.conformance.kit import STANDS
from tests.conformance.socket_server import SocketServer
from tests.end_to_end.gateway_process import GatewayProcess, serving
from tests.sounds import tone

AUDIO: Final = tone()
TEXT: Final = Honest().text
MASTER_KEY: Final = "sk-1234"

PROVIDERS: Final = ("openai", "azure", "vertex_ai", "gemini", "deepgram", "groq", "fireworks_ai", "ovhcloud")
"""The page's list of those that are supported."""

ONE: Final = """\
- model_name: {group}
  litellm_params: {{model: {model}, api_key: os.environ/STAND_KEY, api_base: "{address}"{more}}}
  model_info: {{mode: audio_transcription}}
"""
REST: Final = """\
litellm_settings:
  num_retries: 0
general_settings:
  master_key: sk-1234
"""


class Page(NamedTuple):
    """The gateway, and the servers behind it by the name of the group, or of the arm of a group."""

    gateway: GatewayProcess
    servers: Mapping[str, SocketServer]

    def post(self, **fields: str) -> httpx.Response:
        """One form with these fields."""
        return httpx.post(
            f"{self.gateway.address}/v1/audio/transcriptions",
            data=fields,
            files={"file": ("gettysburg.wav", AUDIO, "audio/wav")},
            headers={"authorization": f"Bearer {MASTER_KEY}"},
            timeout=30,
        )


def entry(group: str, provider: str, server: SocketServer, more: str = "") -> str:
    """One entry of `model_list`."""
    stand = STANDS[provider]
    return ONE.format(group=group, model=f"{provider}/{stand.model}", address=stand.base_url(server), more=more)


@contextmanager
def opened(folder: Path) -> Generator[Page]:
    """A group for each provider, and one with two arms."""
    with ExitStack() as stack:
        servers = {name: stack.enter_context(STANDS[name].server()) for name in PROVIDERS}
        arms = {name: stack.enter_context(STANDS["openai"].server()) for name in ("left", "right")}
        entries = [entry(f"any-{name}", name, server) for name, server in servers.items()]
        entries += [entry("balanced", "openai", server, ", input_cost_per_second: 0.0001") for server in arms.values()]
        path = folder / "config.yaml"
        path.write_text(f"model_list:\n{''.join(entries)}{REST}", encoding="utf-8")
        gateway = stack.enter_context(serving("--config", path, environment=STANDS["openai"].environment()))
        yield Page(gateway, {**servers, **arms})


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One gateway for all tests here."""
    with opened(tmp_path_factory.mktemp("page")) as found:
        yield found


@pytest.mark.parametrize("provider", PROVIDERS)
def test_supported_providers(page: Page, provider: str) -> None:
    """Each is called as its own documentation wants it, and its answer is OpenAI's."""
    answer = page.post(model=f"any-{provider}")
    assert answer.status_code == 200, f"{answer.text}\n{page.gateway.log}"
    assert answer.json()["text"].strip() == TEXT
    assert page.servers[provider].seen


@pytest.mark.parametrize("provider", PROVIDERS[1:])
def test_it_works_between_all_supported_models(page: Page, provider: str) -> None:
    """Fallbacks, whoever comes second."""
    answer = page.post(model="any-openai", mock_testing_fallbacks="true", **{"fallbacks[]": f"any-{provider}"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-litellm-attempted-fallbacks"] == "1"
    assert answer.json()["text"].strip() == TEXT


def test_load_balancing(page: Page) -> None:
    """Both arms of a group are called; that all of forty go to one is a chance of one in half a trillion."""
    before = {name: len(page.servers[name].seen) for name in ("left", "right")}
    assert {page.post(model="balanced").status_code for _ in range(40)} == {200}
    assert all(len(page.servers[name].seen) > count for name, count in before.items())


def test_cost_tracking(page: Page) -> None:
    """By the price in the configuration, in the header that LiteLLM's callers look for."""
    answer = page.post(model="balanced")
    assert float(answer.headers["x-litellm-response-cost"]) > 0
    assert answer.headers["x-voxplan-cost-certainty"] == "known"


def test_logging(page: Page) -> None:
    """A line for each request: who served it, at which price, and nothing of what was said."""
    answer = page.post(model="balanced")
    line = json.loads(page.gateway.line_with(answer.headers["x-litellm-call-id"]))
    assert (line["model"], line["status"], line["served_by"]) == ("balanced", 200, answer.headers["x-voxplan-served-by"])
    assert f"{line['cost']:f}".rstrip("0") == answer.headers["x-litellm-response-cost"].rstrip("0")
    assert TEXT not in page.gateway.log


def test_end_user_tracking(page: Page) -> None:
    """`user` stands in the request's line of the log, and is no field of the provider's."""
    page.servers["openai"].seen.clear()
    answer = page.post(model="any-openai", user="ann")
    assert json.loads(page.gateway.line_with(answer.headers["x-request-id"]))["user"] == "ann"
    (seen,) = page.servers["openai"].seen
    assert seen.form is not None
    assert seen.form.value("user") is None
