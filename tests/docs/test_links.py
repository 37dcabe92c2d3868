"""Links between the pages lead somewhere, and every page can be found."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, prose, relative

OTHERS = tuple(ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "specs/README.md") if (ROOT / name).is_file())
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)

each_page = pytest.mark.parametrize("page", [*PAGES, *OTHERS], ids=relative)


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    """Each link within the repository leads to a file, and to a heading of it if it names one."""
    assert [link for link in links(page) if not leads_somewhere(page, link)] == []


def test_every_page_can_be_found() -> None:
    """From the README each page is a few links away."""
    found, ahead = set[Path](), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page not in found and page.suffix == ".md":
            found.add(page)
            ahead.extend((page.parent / link.partition("#")[0]).resolve() for link in links(page) if not link.startswith("#"))
    assert sorted(map(relative, set(PAGES) - found)) == []


def links(page: Path) -> list[str]:
    """The links of a page that stay within the repository."""
    return [link for link in LINK.findall(prose(page)) if not link.startswith(("http://", "https://", "mailto:"))]


def leads_somewhere(page: Path, link: str) -> bool:
    """Whether the file is there, and the heading in it."""
    name, _, heading = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not heading:
        return target.exists()
    return target.is_file() and heading in map(anchor, HEADING.findall(prose(target)))


def anchor(heading: str) -> str:
    """The name that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
