"""The segments of one answer, cut out of a file of any size, are those that reading the whole file gives."""

from __future__ import annotations

import pytest

from serving.desk.causes import _claims, _cut_out, _shown, segments_of_answer
from tests.billing_core.busy_practice import advice, claim_of, file_of
from tests.billing_core.money_specimens import answer


def _file() -> bytes:
    sets = []
    for trace in ("T1", "T2"):
        some = [answer(claim_of(serial), ("CO-45 40", "PR-3 15"), ("CO-45 10",)) for serial in (1, 2, 3)]
        sets.append(advice(some, trace=trace))
    return file_of(*sets)


WRITTEN = {
    "as written": _file(),
    "in lines": _file().replace(b"~", b"~\r\n"),
    "after blanks": b"\n  " + _file(),
    "other delimiters": _file().translate(bytes.maketrans(b"~*", b"\n|")),
}


@pytest.mark.parametrize("how", sorted(WRITTEN))
def test_an_answer_is_cut_out_as_reading_the_whole_gives_it(how: str) -> None:
    data = WRITTEN[how]
    for set_number in (0, 1, 2, 3):
        whole = dict(_claims(data, set_number))
        for position in (1, 2, 3, 4):
            cut = _cut_out(data, set_number, position)
            assert cut is not None and tuple(cut) == whole.get(position, ())
            assert segments_of_answer(data, set_number, position) == _shown(whole.get(position, ()))


def test_files_of_several_interchanges_or_wrapped_lines_are_read_whole() -> None:
    twice = _file() + b"\n" + _file()
    wrapped = b"\n".join(_file()[n : n + 80] for n in range(0, len(_file()), 80))
    for data, set_number in ((twice, 3), (wrapped, 2)):
        assert _cut_out(data, set_number, 3) is None
        assert segments_of_answer(data, set_number, 3) == _shown(dict(_claims(data, set_number))[3]) != []
