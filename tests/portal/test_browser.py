"""Tests of the portal in a real browser: as a person meets it, light and dark, wide and narrow, scripts on and off."""

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright
from tests.evaluation.report_samples import run_id
from tests.portal import runs_sample, sample

from pilotage.portal.application import build_portal
from pilotage.portal.memory import MemoryReader
from pilotage.storage.engine import open_engine

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATHS = (
    "/",
    "/use-cases/claims-inbox",
    "/use-cases/claims-triage",
    "/evidence/LAST",
    "/runs",
    "/runs?use-case=claims-inbox",
    "/glossary",
    "/styleguide",
    "/use-cases/claim-inbox",
    *(f"/runs/{run_id(number)}" for number in range(runs_sample.BEFORE, runs_sample.EMPTY + 1)),
    f"/runs/{run_id(runs_sample.AFTER)}?state=pass&page=2",
    f"/runs/{run_id(runs_sample.AFTER)}/against/{run_id(runs_sample.BEFORE)}",
)
SCHEMES = ("light", "dark")
WIDTHS = (1280, 390)
MOST_BYTES = 60_000
MOST_REQUESTS = 8
NOT_FOUND = "status of 404"


@dataclass
class Site:
    """A portal that listens on this machine, and what it shows."""

    address: str
    reader: MemoryReader

    def url(self, path: str) -> str:
        """Give the address of a page; LAST stands for the last Measurement's digest."""
        measured = [entry.digest for entry in self.reader.ledger.read() if entry.body.record_name == "measurement"]
        return self.address + path.replace("LAST", measured[-1])


@dataclass
class Seen:
    """What happened while a page loaded."""

    requests: list[Request] = field(default_factory=list[Request])
    messages: list[str] = field(default_factory=list[str])

    def watch(self, page: Page) -> None:
        """Note every request and every message of a page."""
        page.on("requestfinished", lambda request: self.requests.append(request))  # noqa: PLW0108 - it needs a function of its own
        page.on("console", lambda message: self.messages.append(message.text))
        page.on("pageerror", lambda error: self.messages.append(str(error)))

    @property
    def hosts(self) -> set[str]:
        """Who was asked."""
        return {request.url.split("/")[2] for request in self.requests}

    @property
    def bytes(self) -> int:
        """What came over the wire, heads and bodies; to be asked once the page is quiet."""
        sizes = [request.sizes() for request in self.requests]
        return sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    """Serve the made-up installation with its runs on a free port."""
    reader = sample.installation(banner="SAMPLE: Harbour Insurance is made up, and so is everybody in it.")
    path = tmp_path_factory.mktemp("runs") / "runs.db"
    shutil.copyfile(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    reader.runs = runs_sample.installation(engine).runs
    declared = runs_sample.declared()
    assert reader.catalog is not None
    reader.catalog = reader.catalog.model_copy(
        update={"evaluations": declared.evaluations, "datasets": declared.datasets}
    )
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(build_portal(reader), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield Site(f"http://127.0.0.1:{listener.getsockname()[1]}", reader)
    server.should_exit = True
    thread.join()
    listener.close()
    engine.dispose()


@pytest.fixture(scope="module")
def browser(require_part: Callable[..., None]) -> Iterator[Browser]:
    """Start Chromium once; the module's tests use contexts of their own."""
    require_part("Chromium", present=CHROMIUM, remedy="on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def opened(browser: Browser, scheme: str = "light", width: int = 1280, *, scripts: bool = True) -> BrowserContext:
    """Open a fresh, cold context."""
    return browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 900},
        java_script_enabled=scripts,
    )


def check_page(browser: Browser, site: Site, path: str, scheme: str, width: int, *, scripts: bool) -> None:
    """Load a page cold and hold it to everything that is promised of each page."""
    seen = Seen()
    with opened(browser, scheme, width, scripts=scripts) as context:
        page = context.new_page()
        seen.watch(page)
        page.goto(site.url(path))
        page.wait_for_load_state("networkidle")

        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{overflow} px of horizontal scroll"
        assert [] == [text for text in seen.messages if not ("claim-inbox" in path and NOT_FOUND in text)]
        assert {site.address.removeprefix("http://")} == seen.hosts
        assert seen.bytes <= MOST_BYTES
        assert len(seen.requests) <= MOST_REQUESTS
        # Nobody reads with all parts folded, so what unfolds is held to the same.
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{overflow} px of horizontal scroll once unfolded"
        if scripts:
            violations = Axe().run(page).response["violations"]
            assert [] == [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in violations]


@pytest.mark.parametrize(
    ("path", "scheme", "width", "scripts"),
    [
        ("/", "dark", 390, True),
        ("/use-cases/claims-inbox", "light", 1280, True),
        ("/use-cases/claims-inbox", "dark", 390, False),
        ("/styleguide", "light", 390, True),
        ("/runs", "light", 390, True),
        ("/runs", "dark", 1280, False),
        (f"/runs/{run_id(runs_sample.AFTER)}", "dark", 390, True),
        (f"/runs/{run_id(runs_sample.COMPARISON)}", "light", 390, False),
        (f"/runs/{run_id(runs_sample.AFTER)}/against/{run_id(runs_sample.BEFORE)}", "light", 1280, True),
    ],
)
def test_pages_keep_their_promises(
    browser: Browser, site: Site, path: str, scheme: str, width: int, *, scripts: bool
) -> None:
    """No console error, no horizontal scroll, no axe violation, few bytes and requests, no other host."""
    check_page(browser, site, path, scheme, width, scripts=scripts)


@pytest.mark.long
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("path", PATHS)
def test_every_page_keeps_its_promises_everywhere(
    browser: Browser, site: Site, path: str, scheme: str, width: int, *, scripts: bool
) -> None:
    """The same for every page in light and dark, at 1280 and 390 pixels, with scripts and without."""
    check_page(browser, site, path, scheme, width, scripts=scripts)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", "noor-haddad"),
        ("/use-cases/claims-inbox", "noor-haddad"),
        (f"/runs/{run_id(runs_sample.AFTER)}", "the answer is not the expected text"),
    ],
)
def test_pages_say_the_same_without_scripts(browser: Browser, site: Site, path: str, words: str) -> None:
    """Whoever has scripts off reads the same words."""
    texts: list[str] = []
    for scripts in (True, False):
        with opened(browser, scripts=scripts) as context:
            page = context.new_page()
            page.goto(site.url(path))
            texts.append(page.inner_text("body"))

    assert texts[0] == texts[1]
    assert words in texts[0]


@pytest.mark.parametrize(
    "address",
    [
        "/use-cases/claims-inbox",
        *(f"/runs/{run_id(number)}" for number in (runs_sample.ATTACK, runs_sample.COMPARISON)),
    ],
)
def test_a_chart_keeps_its_letters_at_every_width(browser: Browser, site: Site, address: str) -> None:
    """Letters in charts are as large on a phone as on a desk, and none is cut off by the card."""
    sizes: list[float] = []
    for width in WIDTHS:
        with opened(browser, width=width) as context:
            page = context.new_page()
            page.goto(site.url(address))
            sizes.append(page.evaluate("document.querySelector('.plot .edge').getBoundingClientRect().height"))
            outside = page.evaluate(
                "[...document.querySelectorAll('.plot text')].filter((text) => {"
                " const card = text.closest('.card').getBoundingClientRect(), box = text.getBoundingClientRect();"
                " return box.left < card.left || box.right > card.right; }).map((text) => text.textContent)"
            )
            assert [] == outside

    assert sizes[0] == pytest.approx(sizes[1])


def test_eight_tabs_load_side_by_side(browser: Browser, site: Site) -> None:
    """Open tabs hold no connection each, so the eighth loads like the first."""
    with opened(browser) as context:
        pages = [context.new_page() for _ in range(8)]
        for page in pages:
            page.goto(site.url("/use-cases/claims-inbox"), timeout=10_000)

        assert ["Claims inbox"] * 8 == [page.inner_text("h1") for page in pages]


def test_an_open_page_follows_the_ledger(browser: Browser, site: Site) -> None:
    """When the ledger moves, a page puts in what changed, keeps what was unfolded, and leaves alone what is in use."""
    look = "document.dispatchEvent(new Event('visibilitychange'))"
    with opened(browser) as context:
        page = context.new_page()
        page.goto(site.url("/use-cases/claims-inbox"))
        page.click("#earlier-gates summary")  # which leaves the focus in #gates
        page.evaluate("document.querySelector('#later-people').open = true")
        rows = page.locator("#statements tbody tr").count()
        gates = page.locator("#earlier-gates tbody tr").count()

        site.reader.ledger.append(sample.attestation(criterion="hrl-5-trial"))
        site.reader.ledger.append(sample.measurement(sample.outcomes(60, 3)))
        page.evaluate(look)
        expect(page.locator("#statements tbody tr")).to_have_count(rows + 1)
        assert gates == page.locator("#earlier-gates tbody tr").count()

        page.evaluate("document.activeElement.blur()")
        page.evaluate(look)
        expect(page.locator("#earlier-gates tbody tr")).to_have_count(gates + 1)
        assert page.evaluate("document.querySelector('#later-people').open")
        assert page.evaluate("document.querySelector('#earlier-gates').open")


def test_the_keyboard_reaches_the_content(browser: Browser, site: Site) -> None:
    """The first stop of the Tab key is a visible link past the head, and it leads to the content."""
    with opened(browser) as context:
        page = context.new_page()
        page.goto(site.url("/"))
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getBoundingClientRect().top >= 0")
        page.keyboard.press("Enter")

        assert "content" == page.evaluate("document.activeElement.id")
