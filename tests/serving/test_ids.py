"""UUIDv7 as RFC 9562 draws it, rising within a process; seeded ids the same for the same seed."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, date, datetime

from serving.ids import FixedClock, SeededIds, SystemClock, Uuid7, local_day, uuid7


def test_an_id_is_a_version_7_uuid_of_its_millisecond() -> None:
    made = uuid.UUID(Uuid7(milliseconds=lambda: 0x17F22E279B0)())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == 0x17F22E279B0  # the example moment of RFC 9562, appendix A.6


def test_ids_rise_even_when_the_clock_stands_or_goes_back() -> None:
    moments = iter([1000] * 6000 + [900] * 10 + [2000])
    new_id = Uuid7(milliseconds=lambda: next(moments))
    made = [new_id() for _ in range(6011)]
    assert made == sorted(made) and len(set(made)) == len(made)
    assert all(uuid.UUID(text).version == 7 for text in made)


def test_ids_of_several_threads_differ() -> None:
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend(uuid7() for _ in range(2000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000


def test_seeded_ids_repeat_with_their_seed_and_look_like_ids() -> None:
    first, again, other = SeededIds(7), SeededIds("7"), SeededIds("7:import")
    made = [first() for _ in range(50)]
    assert made == [again() for _ in range(50)] == sorted(made)
    assert not set(made) & {other() for _ in range(50)}
    assert uuid.UUID(made[0]).version == 7
    assert made[0] == "0192e505-9001-7000-" + made[0][19:]


def test_a_fixed_clock_stands_in_every_zone_and_the_system_clock_is_aware() -> None:
    clock = FixedClock(date(2026, 1, 5))
    assert clock.today("Pacific/Guam") == clock.today("Pacific/Pago_Pago") == date(2026, 1, 5)
    assert clock.now() == datetime(2026, 1, 5, 12, tzinfo=UTC) == clock.now()
    assert SystemClock().now().tzinfo is UTC
    ahead, behind = SystemClock().today("Pacific/Kiritimati"), SystemClock().today("Pacific/Pago_Pago")
    assert ahead > behind  # 25 hours apart: never the same business date


def test_seeded_ids_sort_by_the_day_they_count_from() -> None:
    later, earlier = SeededIds(7, date(2026, 2, 1)), SeededIds(7, date(2026, 1, 1))
    assert [earlier(), earlier()] < [later(), later()]


def test_an_evening_belongs_to_the_day_it_is_there() -> None:
    evening = datetime(2026, 11, 25, 2, 30, tzinfo=UTC)
    assert [local_day(evening, zone).day for zone in ("America/New_York", "UTC", "Asia/Tokyo")] == [24, 25, 25]
