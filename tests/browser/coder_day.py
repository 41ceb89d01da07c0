"""A coder's day on the real screen: thirty synthetic notes in Chromium, by keys alone, counted and timed.

    python -m tests.browser.coder_day --out docs [--notes 30] [--home DIR]

A synthetic practice is made (no real note is in it), the shipped suggester reads its notes, and a coder who knows the
right codes works the oldest visits: accepts, rejects with a reason, types what is missing, sets modifiers, ends a visit
without a procedure, signs; no click but the sign-in, and no waiting for the server between keys. What the books then
hold must be what was meant. Printed: keys a note, and how long each kind of key takes until the screen shows what it
did.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from playwright.sync_api import Error, sync_playwright

from tests.browser.conftest import NAMES
from tests.browser.house import PASSWORD, Served, serve

SIZE = {"width": 1440, "height": 900}
PRACTICE_USERS = {"dana": "coder", "mona": "manager"}
WHY = "3"  # "not supported by the note", of the reasons on the screen
SAME_CATEGORY = "4"  # "wrong specificity"
AWAY = "!document.activeElement.matches('input')"  # keys decide again
NO_PROCEDURE = "3"  # "no billable service"


@dataclass
class Day:
    """What was pressed and how long each kind of key took, in milliseconds; keys by note."""

    took: dict[str, list[float]] = field(default_factory=dict)
    keys: list[int] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)

    def timed(self, kind: str, started: float) -> None:
        """One key's time from press to effect."""
        self.took.setdefault(kind, []).append(1000 * (time.perf_counter() - started))

    def report(self) -> dict[str, Any]:
        """Medians and 95th percentiles, keys a note."""
        return {
            "notes": len(self.keys),
            "keys_a_note": {"median": statistics.median(self.keys), "most": max(self.keys), "all": sum(self.keys)},
            "kept_otherwise": self.lost,
            "done": dict(sorted(self.done.items())),
            "milliseconds": {
                kind: {"n": len(times), "median": round(statistics.median(times)), "p95": round(_p95(times))}
                for kind, times in sorted(self.took.items())
            },
        }


def _p95(times: Sequence[float]) -> float:
    return sorted(times)[min(len(times) - 1, int(0.95 * len(times)))]


def furnish(home: Path, encounters: int) -> Path:
    """The synthetic practice's books, all visits to be coded, by public commands; returns the world folder."""
    world, model = home / "world", home / "model"
    environment = os.environ | {"CLEANCLAIM_HOME": str(home / "home"), "CLEANCLAIM_PASSWORD": PASSWORD}
    programs = Path(sys.executable).parent

    def run(*words: object) -> None:
        subprocess.run([programs / str(words[0]), *map(str, words[1:])], env=environment, check=True)

    run("cleanclaim-train", "synthetic", "--encounters", encounters, "--out", world)
    run("cleanclaim-train", "coding", "--out", model)
    run("cleanclaim", "init")
    run("cleanclaim", "practice", "add", "--from", world / "practice.json", "--admin", "root", "--every-role")
    mark = json.loads((world / "practice.json").read_text("utf-8"))["practice"]["mark"]
    at = ("--practice", mark, "--as", "root")
    for login, role in PRACTICE_USERS.items():
        run("cleanclaim", "user", "add", login, "--role", role, *at)
    run("cleanclaim", "import", "--dir", world, *at)
    run("cleanclaim", "model", "activate", "--kind", "coding", "--dir", model, *at)
    run("cleanclaim", "coding", "suggest", "--out", home / "suggested.jsonl", *at)
    return world


class Coder:
    """Somebody at the keyboard who knows the right codes of each visit."""

    def __init__(self, page: Any, answers: Mapping[str, Any], day: Day) -> None:
        self.page, self.answers, self.day = page, answers, day
        self.pressed = 0
        self.meant: dict[str, list[str]] = {}  # visit -> the codes that should be kept

    def press(self, key: str, kind: str = "", until: Callable[[], Any] | None = None) -> None:
        """One key; `until` waits for its effect, which is timed."""
        started = time.perf_counter()
        self.page.keyboard.press(key)
        self.pressed += 1
        if until is not None:
            until()
            self.day.timed(kind, started)

    def type(self, text: str) -> None:
        """Letters into the field in hand."""
        self.page.keyboard.type(text)
        self.pressed += len(text)

    # --- what is on the screen ---

    def visit(self) -> str:
        """The visit in hand."""
        return str(self.page.locator("tr[aria-selected=true]").get_attribute("data-id"))

    def codes(self) -> list[tuple[str, str]]:
        """(code, decision) of the list, in its order."""
        rows = self.page.locator("li[data-code]")
        return [(c, d) for c, d in rows.evaluate_all("all => all.map(li => [li.dataset.code, li.dataset.decision])")]

    def in_hand(self) -> str:
        return str(self.page.locator("li.now").get_attribute("data-code"))

    # --- the work ---

    def work(self) -> None:
        """One visit from its first code to the signature."""
        self.pressed, visit = 0, self.visit()
        right = self.answers[visit]
        wanted = [*right["diagnoses"], *(line["code"] for line in right["procedures"])]
        self.meant[visit] = wanted
        self.decide(wanted)
        there = {code for code, decision in self.codes() if decision in ("accept", "add")}
        for code in wanted:
            if code not in there:
                self.add(code)
        if not right["procedures"]:
            self.close(visit)
        else:
            self.sign(visit, right)
        self.day.keys.append(self.pressed)

    def decide(self, wanted: Sequence[str]) -> None:
        """Accept what is right, reject the rest with the reason."""
        for _ in self.codes():
            undecided = [code for code, decision in self.codes() if not decision]
            if not undecided:
                break
            code = self.in_hand()
            row = f"li[data-code='{code}']"
            if code in wanted:
                self.press("a", "accept", partial(self.page.wait_for_selector, f"{row}[data-decision=accept]"))
            else:
                why = SAME_CATEGORY if any(code[:3] == each[:3] for each in wanted) else WHY
                effect = partial(self.page.wait_for_selector, f"{row}[data-decision=reject]")
                self.press(why, "reject with its reason", effect)
            self.day.done["accepted" if code in wanted else "rejected"] += 1

    def add(self, code: str) -> None:
        """A code that nobody suggested."""
        self.press("/")
        self.type(code.lower())
        self.press("Enter", "add a code", lambda: self.page.wait_for_selector(f"li[data-code='{code}']"))
        self.page.wait_for_function(AWAY)
        self.day.done["typed"] += 1

    def close(self, visit: str) -> None:
        self.press("e")
        self.press(NO_PROCEDURE, "close to the next visit", lambda: self.next_after(visit))
        self.day.done["closed"] += 1

    def sign(self, visit: str, right: Mapping[str, Any]) -> None:
        """Modifiers and pointers where the visit needs any, then s; signed or told why not."""
        self.fill(right)
        self.press("s", "sign to the next visit", lambda: self.next_after(visit))
        self.day.done["signed"] += 1

    def fill(self, right: Mapping[str, Any]) -> None:
        """The modifiers, by the keyboard alone: m goes to the first field, Tab from field to field."""
        lines = [line for line in right["procedures"] if line["modifiers"]]
        if not lines:
            return
        self.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
        for line in lines:
            self.press("m")
            field = self.page.locator(f"input[aria-label='Modifiers of {line['code']}']")
            while not field.evaluate("it => it === document.activeElement"):
                self.press("Tab")
            self.type(" ".join(line["modifiers"]))
            self.press("Enter", "a field", lambda: self.page.wait_for_function(AWAY))
            self.day.done["modifiers"] += 1

    def next_after(self, visit: str) -> None:
        self.page.wait_for_selector(f"tr[data-id='{visit}']", state="detached")
        self.page.wait_for_selector("tr[aria-selected=true]")
        self.page.wait_for_selector(f".note[data-visit='{self.visit()}']")
        self.page.wait_for_selector("li.now, .count:has-text('none suggested')")


def _answers(world: Path) -> dict[str, Any]:
    rows = map(json.loads, (world / "answers.jsonl").read_text("utf-8").splitlines())
    return {row["encounter_id"]: row for row in rows}


def _picture(page: Any, path: Path) -> None:
    page.wait_for_timeout(1500)  # at rest
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.open(io.BytesIO(page.screenshot())).convert("RGB").save(path, optimize=True)


def live(browser: Any, served: Served, world: Path, notes: int, pictures: Path) -> Day:
    """The day itself."""
    day, page = Day(), browser.new_page(viewport=SIZE)
    page.set_default_timeout(30_000)
    page.goto(f"{served.api}/signin")
    page.fill("#username", "dana")
    page.fill("#password", PASSWORD)
    page.click("button")
    page.wait_for_selector("tr[aria-selected=true]")
    page.wait_for_selector("li.now")
    coder = Coder(page, _answers(world), day)
    for number in range(notes):
        if number in (0, notes // 2):
            _picture(page, pictures / f"coder_day_{number}.png")
        try:
            coder.work()
        except (Error, AssertionError):
            _picture(page, pictures / "coder_day_stuck.png")
            raise
    day.lost = [f"{visit} {kept}" for visit, kept in kept_otherwise(served, coder.meant)]
    return day


def kept_otherwise(served: Served, meant: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, list[str]]]:
    """The visits of which the books hold other codes than the coder meant."""
    answer = httpx.post(f"{served.api}/token", data={"username": "dana", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    for visit, codes in meant.items():
        view = httpx.get(f"{served.api}/encounters/{visit}", headers=headers).json()
        kept = [each["code"] for each in view["suggestions"] if each["decision"] in ("accept", "add")]
        if sorted(kept) != sorted(codes):
            yield visit, kept


def main() -> None:
    """Make the practice, live the day, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, required=True, help="folder for pictures and figures")
    parser.add_argument("--notes", type=int, default=30)
    parser.add_argument("--home", type=Path, help="a home made before is worked on; made and dropped when left out")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = args.home or Path(temporary)
        world = home / "world" if (home / "world").is_dir() else furnish(home, max(40, args.notes + 10))
        with serve(home / "home") as served, sync_playwright() as playwright:
            import shutil

            program = next(found for name in NAMES if (found := shutil.which(name)))
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
            day = live(browser, served, world, args.notes, args.out / "pictures")
            browser.close()
    text = json.dumps(day.report(), indent=2, sort_keys=True)
    (args.out / "coder_day.json").write_text(text + "\n", "utf-8")
    print(text)


if __name__ == "__main__":
    main()
