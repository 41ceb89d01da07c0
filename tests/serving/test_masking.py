"""Canaries: what registration knows and what only its form betrays must be gone; the medicine must remain."""

from __future__ import annotations

import hashlib
import re
from datetime import date

import pytest

from serving.desk.masking import People, mask, names_of

LAST, FIRST = names_of([("Quackenbush", "Zebulon"), ("Long-Marsh", "Mary Ellen"), ("Ansari", "Corinne")])
THINGS = frozenset(
    {"17 Tamarack Hollow", "Elm Family Medicine", "W5550001", "AUTH77Q", "Ashford", "109990101", "000338"}
)
PEOPLE = People("patient", LAST, FIRST, THINGS)
NOTE = """Patient: QUACKENBUSH, Zebulon   DOB: 03/16/2001   Date: 2026-01-09  MRN 000338
Elm Family Medicine, 17 Tamarack  Hollow, Ashford NY 10999, call 518-555-0142 or (518) 555 0143, z.q@mail.example.
Zebulon's wife Mary Ellen Long-Marsh came along. He lives at 4410 Birchwood Terrace now. SSN 123-45-6789.
Seen on 5/6, last visit November 3, 2025 and 12 March 2026; since May 14 worse. Member W5550001, auth AUTH77Q.
A 93-year-old aunt. Strength 5/5, pain 4/10, BP 120/80, COVID-19 negative, PHQ-9 score 10, long QT, 25-hydroxy low.
Type 2 diabetes E11.9; potassium 4.1; aspirin 81 mg. Card A-1234567. Dr. Thorne agrees. - Dr. Corinne Ansari
"""
GONE = (
    *("quackenbush", "zebulon", "long-marsh", "mary ellen", "ansari", "corinne", "thorne", "elm family", "tamarack"),
    *("w5550001", "auth77q", "ashford", "10999", "000338", "518", "0142", "z.q@", "birchwood", "123-45-6789"),
    *("03/16/2001", "2026-01-09", "november 3", "12 march", "5/6", "may 14", "93-year", "a-1234567"),
)
KEPT = (
    *("Strength 5/5", "pain 4/10", "BP 120/80", "COVID-19 negative", "PHQ-9 score 10", "long QT", "25-hydroxy low"),
    *("Type 2 diabetes E11.9", "potassium 4.1", "aspirin 81 mg", "A 90-year-old aunt", "DOB: ", "wife"),
)


def key(text: str, secret: str = "one") -> int:
    return int(hashlib.sha256(f"{secret}|{text}".encode()).hexdigest()[:12], 16)


MASKED = mask(NOTE, PEOPLE, key)


@pytest.mark.parametrize("canary", GONE)
def test_what_names_a_person_is_gone(canary: str) -> None:
    assert canary in NOTE.lower() or canary in " ".join(NOTE.lower().split())
    assert canary not in " ".join(MASKED.lower().split())


@pytest.mark.parametrize("words", KEPT)
def test_the_medicine_remains(words: str) -> None:
    assert words in MASKED


def test_one_name_has_one_pseudonym_in_every_note_of_a_key() -> None:
    other = mask("Seen by Dr. Ansari with zebulon QUACKENBUSH.", PEOPLE, key)
    words = re.match(r"Seen by Dr\. (\w+) with (\w+) (\w+)\.", other)
    assert words is not None and words[3].isupper()
    assert MASKED.startswith(f"Patient: {words[3]}, {words[2]} ")
    assert MASKED.rstrip().endswith(words[1])
    assert mask(NOTE, PEOPLE, key) == MASKED
    assert mask(NOTE, PEOPLE, lambda text: key(text, "two")) != MASKED


def test_dates_keep_their_form_and_their_distance() -> None:
    found = mask("From 2026-01-09 to 2026-01-20; 01/09/2026.", PEOPLE, key)
    iso = [date.fromisoformat(text) for text in re.findall(r"\d{4}-\d{2}-\d{2}", found)]
    assert (iso[1] - iso[0]).days == 11 and iso[0] < date(2026, 1, 9)
    assert f"{iso[0]:%m/%d/%Y}" in found
    assert "[date]" in mask("on 13/45/2020", PEOPLE, key)
