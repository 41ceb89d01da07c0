"""The README's pictures, taken of a demo: `python -m tests.browser.pictures --demo var/demo --out docs/pictures`.

Make that demo without real notes (`CLEANCLAIM_SHARED_DATA=none make demo`): a picture shows a note. It is worked in, as
a coder would: make it anew before the next pictures.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.house import Served, serve

SIZE = {"width": 1360, "height": 800}


def _open(browser: Any, served: Served, login: str, password: str) -> Any:
    page = browser.new_page(viewport=SIZE)
    page.goto(f"{served.api}/signin")
    page.fill("#username", login)
    page.fill("#password", password)
    page.click("button")
    page.wait_for_selector("tr[aria-selected=true]")
    return page


def _take(page: Any, path: Path) -> None:
    page.wait_for_timeout(2500)  # the page is at rest
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(path, optimize=True)


def coder(page: Any, path: Path) -> None:
    """The untouched visit with most suggestions: two accepted, one about to be rejected."""
    rows = [row for row in page.locator("tr[data-id]").all() if row.locator("td").last.inner_text().startswith("0/")]
    offered = [int(row.locator("td").last.inner_text().split("/")[1]) for row in rows]
    rows[offered.index(max(offered))].click()
    page.locator("li[data-code]").nth(max(offered) - 1).wait_for()
    for key in ("a", "a", "x"):
        page.keyboard.press(key)
    _take(page, path)


def biller(page: Any, path: Path) -> None:
    """A claim that the model doubts, where there is one, else the first of the queue."""
    doubted = page.locator("tr[data-id]", has_text="%")
    if doubted.count():
        doubted.first.click()
    _take(page, path)


def main() -> None:
    """Take both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--demo", type=Path, default=Path("var/demo"))
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    args = parser.parse_args()
    passwords = dict(line.split("\t") for line in (args.demo / "passwords.txt").read_text("utf-8").splitlines())
    args.out.mkdir(parents=True, exist_ok=True)
    with serve(args.demo / "home") as served, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for login, take in (("coder", coder), ("biller", biller)):
            take(_open(browser, served, login, passwords[login]), args.out / f"{login}.png")


if __name__ == "__main__":
    main()
