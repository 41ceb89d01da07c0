"""One definition of a row: whoever asks, by claim or by file, alone or in a batch, gets the same bits."""

import struct
from pathlib import Path

from billing_core.record import from_plain, to_plain
from models.denial.facts import ClaimFacts, facts
from models.denial.features import row
from models.denial.history import History
from models.denial.replay import Outcome, Sending, in_order, replay
from tests.training import export_fixture
from training import denial
from training.export_folder import read

CASES = export_fixture.cases(1500)


def bits(values: tuple[float, ...]) -> bytes:
    return struct.pack(f"{len(values)}d", *map(float, values))


def sendings() -> list[Sending]:
    """As the desk makes them: from the claims themselves."""
    made = []
    for plain, case in zip(export_fixture.rows(CASES), CASES, strict=True):
        shown = facts(case.claim, case.submitted_on, plain["patient_key"])
        known = plain["denied"] is not None
        outcome = Outcome(case.denied, case.learned_on, tuple(plain["categories"])) if known else None
        made.append(Sending(shown, outcome))
    return made


def test_the_row_of_the_desk_and_the_row_of_training_are_bit_equal(tmp_path: Path) -> None:
    export = read(export_fixture.write(tmp_path / "export", CASES))
    columns = denial.replay(export.submissions)
    alone = [bits(row(sending.facts, history)) for sending, history in replay(in_order(sendings()))]
    assert len(alone) == len(columns) == 1500
    assert alone == [bits(tuple(found)) for found in columns]


def test_a_history_taken_up_from_a_file_goes_on_with_the_same_bits() -> None:
    walked = in_order(sendings())
    half = History()
    for _ in replay(walked[:700], half):
        pass
    taken_up = History.from_json(half.as_json())
    whole = [bits(row(s.facts, h)) for s, h in replay(walked)]
    rest = [bits(row(s.facts, h)) for s, h in replay(walked[700:], taken_up)]
    assert rest == whole[700:]


def test_facts_from_a_file_make_the_same_row() -> None:
    for sending in sendings()[:50]:
        again = from_plain(ClaimFacts, to_plain(sending.facts))
        assert bits(row(again, History())) == bits(row(sending.facts, History()))


def test_a_line_that_was_paid_counts_as_paid_beside_one_that_was_refused() -> None:
    sending = next(s for s in sendings() if len(set(s.facts.procedures)) == 2)
    refused, paid = sending.facts.procedures
    by_line = History()
    by_line.submitted(sending.facts)
    by_line.adjudicated(sending.facts, True, sending.facts.submitted_on, (), (refused,))
    by_line.known_before(export_fixture.AS_OF)
    assert by_line.tally(f"procedure:{refused}").denied == 1 and by_line.tally(f"procedure:{paid}").denied == 0
    assert by_line.tally(f"payer:{sending.facts.payer}").denied == 1
