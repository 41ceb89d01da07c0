"""Identifiers: parse or raise. A parsed identifier is a plain `str` in its canonical form.

Sources: NPI check digit: 45 CFR 162.406 and the NPPES check-digit note (Luhn over 80840 + NPI).
Claim and line numbers: CLM01 is AN 1/38 in 005010X222A1, of which payers must return at least 20 characters;
the check character is ISO 7064 MOD 37,36.
"""

from __future__ import annotations

import re

from billing_core.errors import IdentifierError

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CLAIM_NUMBER_LENGTH_MAX = 20


def _luhn_ok(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def parse_npi(text: str) -> str:
    """The ten-digit NPI. Raises IdentifierError when the length or the check digit is wrong.

    >>> parse_npi("1234567893")
    '1234567893'
    """
    if not re.fullmatch(r"[12]\d{9}", text, re.ASCII):
        raise IdentifierError("an NPI is ten digits beginning with 1 or 2", mend="look the provider up in NPPES")
    if not _luhn_ok("80840" + text):
        raise IdentifierError("the NPI's check digit is wrong", mend="look the provider up in NPPES")
    return text


def npi_from(nine_digits: str) -> str:
    """The NPI whose first nine digits are given: appends the check digit (for test and synthetic data)."""
    for check in "0123456789":
        if _luhn_ok("80840" + nine_digits + check):
            return parse_npi(nine_digits + check)
    raise IdentifierError("nine digits beginning with 1 or 2 expected")  # pragma: no cover


def parse_tin(text: str) -> str:
    """A nine-digit tax id (EIN or SSN), hyphens removed."""
    digits = text.replace("-", "")
    if not re.fullmatch(r"\d{9}", digits, re.ASCII):
        raise IdentifierError("a tax id is nine digits", mend="copy it from the W-9")
    return digits


def parse_member_id(text: str) -> str:
    """A payer's member id: 2 to 80 letters, digits, hyphens; spaces removed, upper case."""
    compact = re.sub(r"[ \t]", "", text).upper()
    if not re.fullmatch(r"[A-Z0-9-]{2,80}", compact, re.ASCII):
        raise IdentifierError("a member id is letters, digits and hyphens", mend="copy it from the insurance card")
    return compact


def check_character(text: str) -> str:
    """The ISO 7064 MOD 37,36 check character of an upper-case alphanumeric text."""
    product = 36
    for character in text:
        total = (product + _ALPHABET.index(character)) % 36 or 36
        product = total * 2 % 37
    return _ALPHABET[(37 - product) % 36]


def base36(number: int, width: int) -> str:
    """`number` in base 36, upper case, left-padded with zeros to `width`."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _ALPHABET[digit] + digits
    return digits.rjust(width, "0")


def claim_number(practice_mark: str, serial: int) -> str:
    """CLM01: practice mark (4 alphanumerics) + serial (8, base 36) + check character: 13 characters, never reused.

    The store allocates `serial`, one per submission, so original, replacement and secondary differ.
    """
    if not re.fullmatch(r"[A-Z0-9]{4}", practice_mark):
        raise IdentifierError("a practice mark is four upper-case letters or digits")
    if not 0 < serial < 36**8:
        raise IdentifierError("claim serial out of range")
    body = practice_mark + base36(serial, 8)
    return body + check_character(body)


def parse_claim_number(text: str) -> str:
    """Our own CLM01, its check character proved. Raises IdentifierError for anything we never issued."""
    compact = text.strip().upper()
    if not re.fullmatch(r"[A-Z0-9]{13}", compact) or check_character(compact[:-1]) != compact[-1]:
        raise IdentifierError("not a claim number of ours", mend="find the claim by member id and date of service")
    return compact


def line_control_number(number: str, line: int) -> str:
    """REF*6R: the claim number, L, and the line, unique per claim line."""
    return f"{number}L{line}"
