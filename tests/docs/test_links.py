"""Pages hold together: links lead somewhere, code blocks are code, and nothing speaks of one machine alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

OUTSIDE = ("http://", "https://", "mailto:")
LEFT_OUT = {"build", "dist", "node_modules"}
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```+)(?P<info>[^\n`]*)\n(?P<body>.*?)^\1$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


@pytest.fixture(scope="module")
def pages(pytestconfig: pytest.Config) -> dict[Path, str]:
    """Give every Markdown page of the project."""
    root = pytestconfig.rootpath
    found = [
        path
        for path in root.rglob("*.md")
        if not any(part.startswith(".") or part in LEFT_OUT for part in path.relative_to(root).parts)
    ]
    return {path: path.read_text(encoding="utf-8") for path in sorted(found)}


def anchors_of(text: str) -> set[str]:
    """Give the anchors of a page's headings, as forges make them: lower case, no punctuation, hyphens for spaces."""
    plain = FENCE.sub("", text)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(plain)}


def test_anchors_are_made_as_forges_make_them() -> None:
    """A heading becomes an anchor without its punctuation, and one inside a code block does not."""
    assert {"p0-p1", "30--and-70-"} == anchors_of("# p0, p1\n\n## 30 % and 70 %\n\n```sh\n# no heading\n```\n")


def test_links_within_the_project_resolve(pages: dict[Path, str]) -> None:
    """Every relative link leads to a file that exists, and to a heading that it has."""
    broken = [
        f"{page.name}: {link}"
        for page, text in pages.items()
        for link in LINK.findall(FENCE.sub("", text))
        if not link.startswith(OUTSIDE) and not resolves(page, link, pages)
    ]

    assert pages
    assert [] == broken


def resolves(page: Path, link: str, pages: dict[Path, str]) -> bool:
    """Tell whether a relative link of a page leads somewhere."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    return not anchor or anchor in anchors_of(pages.get(target, ""))


def test_every_page_is_reached_from_the_index(pytestconfig: pytest.Config, pages: dict[Path, str]) -> None:
    """Whoever opens docs/index.md finds every page of the documentation."""
    folder = pytestconfig.rootpath / "docs"
    index = folder / "index.md"
    linked = {(folder / link.partition("#")[0]).resolve() for link in LINK.findall(pages[index])}

    assert set() == {page for page in pages if page.is_relative_to(folder)} - linked - {index}


def test_python_blocks_compile(pages: dict[Path, str]) -> None:
    """Every code block that says it is Python is."""
    for page, text in pages.items():
        for block in FENCE.finditer(text):
            if block["info"].split()[:1] == ["python"]:
                compile(block["body"], str(page), "exec")


def test_code_blocks_name_their_language(pages: dict[Path, str]) -> None:
    """Every code block says what it is, so that it can be shown, and checked, as that."""
    assert [] == [
        f"{page.name}: {block['body'][:40]!r}"
        for page, text in pages.items()
        for block in FENCE.finditer(text)
        if not block["info"].strip()
    ]


def test_decisions_have_one_form(pytestconfig: pytest.Config, pages: dict[Path, str]) -> None:
    """Decision records are numbered without gaps, and each has a context, a decision and consequences."""
    folder = pytestconfig.rootpath / "docs" / "decisions"
    records = sorted(page for page in pages if page.parent == folder)

    assert [f"{number:04d}" for number in range(1, len(records) + 1)] == [page.name[:4] for page in records]
    for number, page in enumerate(records, start=1):
        assert pages[page].startswith(f"# {number}. ")
        assert ["Context", "Decision", "Consequences"] == re.findall(r"^## (.+)$", pages[page], re.MULTILINE)
