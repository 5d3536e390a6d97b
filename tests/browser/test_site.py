"""The site of docs/ in a real browser: it fits a telephone, is accessible, asks nothing of anyone else."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.async_api import Browser

from tests.browser.conftest import DESKTOP, PATIENCE, PHONE
from tests.browser.test_accessibility import violations
from tests.site.build import build

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that writes nothing of what it serves."""

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the built site, on the loopback."""
    folder: Path = tmp_path_factory.mktemp("site")
    build(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder / "site")))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("name", ["index", "membre", "efvp", "reglages", "depannage"])
async def test_a_page_fits_is_accessible_and_asks_nothing_of_anyone_else(
    browser: Browser, site: str, name: str
) -> None:
    context = await browser.new_context(viewport=DESKTOP, locale="fr-CA", reduced_motion="reduce")
    page = await context.new_page()
    page.set_default_timeout(PATIENCE)
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{site}{name}.html", wait_until="networkidle")
    assert [address for address in asked if not address.startswith((site, "data:"))] == []
    for size in (DESKTOP, PHONE):
        await page.set_viewport_size(size)
        assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert await violations(page) == []
    assert complaints == []
    await context.close()
