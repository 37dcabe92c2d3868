import re
from html.parser import HTMLParser

import pytest

from tests.io_shell.gateway.calling import calling
from voxplan.io_shell.gateway.docs_page import docs_page
from voxplan.io_shell.gateway.fields import FIELDS
from voxplan.io_shell.gateway.openapi import ANSWER_HEADERS, openapi
from voxplan.io_shell.gateway.operations import OPERATIONS, addressed

PAGE = docs_page(openapi(), "http://gateway.example")
VOID = {"meta", "br", "hr", "img", "link", "input"}
CLOSED_BY_THEIR_PARENT = {"li"}


class Reader(HTMLParser):
    """Sees that what is opened is closed, and collects addresses and places."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: set[str] = set()
        self.places: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One more is open."""
        told = dict(attrs)
        self.links |= {told["href"] or ""} if "href" in told else set()
        self.places |= {told["id"] or ""} if "id" in told else set()
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """The last that was opened ends."""
        while self.open[-1] in CLOSED_BY_THEIR_PARENT and self.open[-1] != tag:
            self.open.pop()
        assert self.open.pop() == tag


def read(page: str) -> Reader:
    """The page, read to its end."""
    reader = Reader()
    reader.feed(page)
    reader.close()
    return reader


def test_it_is_whole() -> None:
    """Every element is closed, and every link leads to a place on the page or to the document."""
    reader = read(PAGE)
    assert reader.open == []
    assert {link.removeprefix("#") for link in reader.links} - reader.places == {"openapi.json"}


def test_it_tells_everything() -> None:
    """Each operation with all its addresses, each field and each header."""
    for operation in OPERATIONS:
        assert all(addressed(path) in PAGE for path in operation.paths)
        assert f'id="{operation.name}"' in PAGE
    assert all(f"<code>{name}</code>" in PAGE for name in (*FIELDS, *ANSWER_HEADERS))


def test_it_needs_nothing_but_itself() -> None:
    """No script, and nothing from anywhere."""
    assert "<script" not in PAGE
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", PAGE)
    assert not re.findall(r"@import|url\(", PAGE)


def test_the_examples_call_this_gateway() -> None:
    """With a key, where one is asked for."""
    assert "curl http://gateway.example/v1/audio/transcriptions" in PAGE
    assert "authorization: Bearer" in PAGE
    assert "authorization: Bearer" not in docs_page(openapi(wants_keys=False), "http://gateway.example").replace("&quot;", '"')


def test_what_a_caller_writes_is_text() -> None:
    """The address is what the caller's own request says."""
    assert "<b>" not in docs_page(openapi(), "http://<b>x").split("<main>")[1].split("Answers")[0]


@pytest.mark.anyio
async def test_it_is_served_sealed() -> None:
    """Without a key; the browser may load nothing for it."""
    async with calling() as client:
        client.headers.pop("authorization")
        answer = await client.get("/docs")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "http://gateway/v1/audio/transcriptions" in answer.text
