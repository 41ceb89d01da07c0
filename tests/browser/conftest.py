"""A real Chromium on the real servers. Where there is no Chromium these tests are skipped, and the run says so."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser import house

NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser, without a window."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        warnings.warn("NO CHROMIUM: the screens were not tried in a browser", stacklevel=1)
        pytest.skip("no Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[house.Served]:
    """The servers; not started without a browser."""
    home = tmp_path_factory.mktemp("house") / "home"
    house.furnish(home)
    with house.serve(home) as served:
        yield served


@pytest.fixture
def page(chromium: Any, served: house.Served) -> Iterator[Any]:
    """A page of a new browser session. Whatever a test does in it, nothing may be asked of another host."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    context.set_default_timeout(20_000)
    house.listen(context)
    page = context.new_page()
    asked: list[str] = []
    failed: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.on("pageerror", lambda error: failed.append(str(error)))
    yield page
    context.close()
    assert not failed
    own = {urlsplit(served.api).netloc, urlsplit(served.screens).netloc}
    assert {urlsplit(url).netloc for url in asked if not url.startswith(("data:", "blob:"))} <= own


@pytest.fixture
def sign_in(page: Any, served: house.Served) -> Callable[[str], Any]:
    """Sign in by the form; the page then shows the screens."""

    def signed_in(login: str) -> Any:
        page.goto(f"{served.api}/signin")
        page.fill("#username", login)
        page.fill("#password", house.PASSWORD)
        page.click("button")
        page.wait_for_url(f"{served.screens}/**")
        return page

    return signed_in
