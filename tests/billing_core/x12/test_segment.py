"""The gate out of the bytes and the gate into them."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_core.errors import MoneyError, X12Error
from billing_core.money import parse_amount
from billing_core.x12 import segment
from billing_core.x12.segment import Segment, SegmentWriter, free_text, read_segments
from billing_core.x12.separators import Separators

ISA = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260409*0800*^*00501*000000001*0*T*:~"


def test_examples_in_the_docstrings() -> None:
    assert doctest.testmod(segment).failed == 0


@pytest.mark.parametrize(
    "text",
    [
        ISA + "IEA*0*000000001~",
        ISA + "\nIEA*0*000000001~\n",
        ISA + "\r\nIEA*0*000000001~\r\n\r\n",
        "\ufeff" + ISA + "IEA*0*000000001~",
        "\n  " + ISA + "IEA*0*000000001~\x1a",
        ISA + "IEA*0*000000001",
        "\n".join((ISA + "IEA*0*000000001~")[i : i + 80] for i in range(0, 130, 80)),
        (ISA + "IEA*0*000000001~").replace("~", "\n"),
        (ISA + "IEA*0*000000001~").replace("~", "\r\n"),
        (ISA + "IEA*0*000000001~").replace("*", "\x1d").replace("~", "\x1c"),
        (ISA + "IEA*0*000000001~").replace("*", "|").replace(":", ">"),
    ],
    ids=["plain", "lf", "crlf", "bom", "blanks", "no-last", "wrapped", "lf-ends", "crlf-ends", "control", "pipes"],
)
def test_line_breaks_marks_and_delimiters(text: str) -> None:
    found = read_segments(text.encode())
    assert [one.id for one in found] == ["ISA", "IEA"]
    assert found[1].get(2) == "000000001" and len(found[0].elements) == 17


def test_several_interchanges_each_with_its_own_delimiters() -> None:
    first, second = ISA + "IEA*0*000000001~", (ISA + "IEA*0*000000001~").translate(str.maketrans("*:~", "|>!"))
    found = read_segments((first + "\n" + second + first).encode())
    assert [one.number for one in found] == [1, 2, 3, 4, 5, 6]
    assert found[3].separators == Separators("|", ">", "^", "!")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \r\n ", "empty"),
        (b"PK\x03\x04", "does not begin with an ISA"),
        (ISA.encode("utf-16"), "UTF-16"),
        (ISA[:80].encode(), "cut short"),
        (ISA.replace("*T*:~", "*T~").encode() + b"IEA*0*1~" * 5, "does not stand at its place"),
        (ISA.replace("*:~", "*~~").encode(), "two delimiters are the same"),
        (ISA.replace("*:~", "*A~").encode(), "a delimiter is a letter"),
        ((ISA + "NM1*A\x00B~").encode(), "control character"),
        ((ISA + "NM1*" + "A" * 1001 + "~").encode(), "an element is too long"),
        ((ISA + "NM1" + "*A" * 101 + "~").encode(), "too many elements"),
        ((ISA + "IEA*0*000000001~nonsense").encode(), "something follows the IEA"),
    ],
)
def test_what_is_not_x12_is_refused_with_the_mend(data: bytes, says: str) -> None:
    with pytest.raises(X12Error) as caught:
        read_segments(data)
    assert says in caught.value.message and caught.value.mend and caught.value.where


def test_too_many_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment, "SEGMENTS_MAX", 5)
    with pytest.raises(X12Error, match="too many segments"):
        read_segments((ISA + "A1*B~" * 5).encode())


def test_a_malformed_id_is_not_quoted() -> None:
    assert Segment(4, ("DOE, JANE",)).where(3) == "segment 4 03"
    assert Segment(4, ("CLP",)).where(3) == "segment 4 CLP03"


def test_parts_and_repeats() -> None:
    one = Segment(1, ("SVC", "HC:99213::25", "", "A^B"))
    assert one.parts(1) == ("HC", "99213", "", "25") and one.part(1, 4) == "25"
    assert one.part(1, 9) == "" and one.parts(2) == () and one.get(9) == ""
    assert one.repeats(3) == ("A", "B")


@pytest.mark.parametrize("text", ["٣", "1_0", "1e3", "", "12.345", "--1", " 1", "1" * 16])
def test_only_plain_digits_are_an_amount(text: str) -> None:
    with pytest.raises(X12Error):
        Segment(1, ("BPR", text)).amount(1)


@pytest.mark.parametrize("text", ["20260231", "2026041", "٢٠٢٦٠٤٠٧", "00000000"])
def test_only_calendar_dates_are_dates(text: str) -> None:
    with pytest.raises(X12Error):
        Segment(1, ("DTM", text)).day(1)


@given(st.text(max_size=60))
def test_free_text_never_holds_a_delimiter_and_settles(text: str) -> None:
    written = free_text(text)
    assert not set(written) & set("*:~^\r\n") and written.isascii()
    assert free_text(written) == written
    writer = SegmentWriter()
    writer.add("N3", written[:55])
    assert len(writer.lines) == 1


@given(st.text(max_size=40), st.sampled_from("*:~^\n\r\x00\x1f`é"), st.text(max_size=39))
def test_an_identifier_with_a_delimiter_or_control_character_is_refused(left: str, bad: str, right: str) -> None:
    with pytest.raises(X12Error) as caught:
        SegmentWriter().add("REF", "G1", left + bad + right)
    assert caught.value.where.startswith("REF02") and bad not in caught.value.message


def test_an_oversize_value_is_refused_never_cut() -> None:
    SegmentWriter().add("NM1", "IL", "1", "A" * 60)
    with pytest.raises(X12Error, match="longer than the guide allows"):
        SegmentWriter().add("NM1", "IL", "1", "A" * 61)


@given(st.from_regex(r"[+-]?[0-9]{0,17}(\.[0-9]{0,4})?", fullmatch=True) | st.text(max_size=8))
def test_an_amount_of_a_segment_is_that_of_the_books(text: str) -> None:
    amt = Segment(1, ("AMT", "I", text))
    try:
        expected = parse_amount(text)
    except MoneyError:
        with pytest.raises(X12Error):
            amt.amount(2)
    else:
        assert amt.amount(2) == expected
