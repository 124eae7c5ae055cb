"""Deliveries that replace a period of a register whose rows have no key."""

from collections import Counter
from datetime import date

import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from intake.deliver import BO, DISPENSING, KEY, RESULT, SERVICE, content, landed, rows, write_csv

from ddns_utils.cli import main
from ddns_utils.completeness import arrivals
from ddns_utils.errors import DataError, DefinitionError
from ddns_utils.intake import read_replacements, retry_quarantine
from ddns_utils.model import TABLES
from ddns_utils.period import Period
from ddns_utils.registers import Registers

APRIL, MAY, JUNE = "2025-04-01", "2025-05-01", "2025-06-01"


@pytest.fixture
def deliver(tmp_path, registers):
    """Lands dispensings as (day, product) from a day of delivery."""

    def land(day, *sent, name="LMDB", into=registers, **replaces):
        return landed(write(tmp_path / day, sent, name), into, **replaces)

    return land


def write(folder, sent, name="LMDB"):
    lines = [DISPENSING | {"EKSD": on, "VNR": product, "SENT": f"{folder.name}{name}"} for on, product in sent]
    return write_csv(folder, name, lines or [DISPENSING | {"EKSD": "never"}])


def products(registers, version=None):
    snapshot = registers.snapshot(version)
    found = snapshot.engine.to_pyarrow(snapshot.table("prescription")).to_pylist()
    return sorted((str(row["dispensed_on"]), row["product"], row["delivery_id"][:10]) for row in found)


def counts(registers):
    """Rows read, kept, in quarantine and superseded by the day of delivery."""
    deliveries = sorted(rows(registers, "delivery"), key=lambda row: row["delivery_id"])
    names = ("read", "kept", "quarantined", "superseded")
    return {row["delivery_id"][:10]: tuple(row[f"rows_{name}"] for name in names) for row in deliveries}


BEFORE, FIRST, LAST, AFTER = ("2024-12-31", "1"), ("2025-01-01", "2"), ("2025-03-31", "3"), ("2025-04-01", "4")
CORRECTED = ("2025-03-31", "5")


@pytest.fixture
def replaced(deliver, registers):
    """Four dispensings around the first quarter, which a later delivery replaces."""
    deliver(APRIL, BEFORE, FIRST, LAST, AFTER)
    return deliver(MAY, FIRST, CORRECTED, LMDB="2025Q1")


def test_a_period_becomes_what_its_replacement_says_and_equal_rows_stay_as_they_first_came(replaced, registers):
    assert products(registers) == sorted([(*BEFORE, APRIL), (*FIRST, APRIL), (*CORRECTED, MAY), (*AFTER, APRIL)])
    assert counts(registers) == {APRIL: (4, 3, 0, 1), MAY: (2, 1, 0, 1)}
    assert [(count.kept, count.superseded) for count in replaced.counts] == [(1, 1)]
    assert "LMDB 2025Q1 is replaced: 1 rows of earlier deliveries no longer count." in replaced.lines()
    assert products(registers, version=1) == sorted((*row, APRIL) for row in (BEFORE, FIRST, LAST, AFTER))
    told = {
        row["delivery_id"][:10]: (row["replaces_first_day"], row["replaces_last_day"])
        for row in rows(registers, "delivery")
    }
    assert told == {APRIL: (None, None), MAY: (date(2025, 1, 1), date(2025, 3, 31))}


@pytest.mark.usefixtures("replaced")
def test_the_same_replacement_twice_changes_nothing(deliver, registers):
    before = content(registers)
    assert deliver(MAY, FIRST, CORRECTED, LMDB="2025Q1").version == 2
    assert deliver(MAY, FIRST, CORRECTED).version == 2
    assert content(registers) == before


def test_a_file_that_has_landed_can_replace_its_period_afterwards(deliver, registers):
    deliver(APRIL, BEFORE, FIRST, LAST, AFTER)
    deliver(MAY, FIRST, CORRECTED)
    assert len(products(registers)) == 6
    assert deliver(MAY, FIRST, CORRECTED, LMDB="2025Q1").known == ["LMDB.csv"]
    assert products(registers) == sorted([(*BEFORE, APRIL), (*FIRST, APRIL), (*CORRECTED, MAY), (*AFTER, APRIL)])
    assert counts(registers) == {APRIL: (4, 3, 0, 1), MAY: (2, 1, 0, 1)}


def test_several_files_replace_a_period_together(tmp_path, deliver, registers):
    deliver(APRIL, FIRST, LAST)
    write(tmp_path / MAY, [FIRST], "LMDB_1")
    write(tmp_path / MAY, [CORRECTED], "LMDB_2")
    landed(tmp_path / MAY, registers, LMDB="2025Q1")
    assert products(registers) == [(*FIRST, APRIL), (*CORRECTED, MAY)]


def test_as_many_equal_rows_stay_as_the_replacement_has(deliver, registers):
    deliver(APRIL, FIRST, FIRST, FIRST, LAST)
    deliver(MAY, FIRST, FIRST, LAST, LAST, LMDB="2025Q1")
    assert products(registers) == [(*FIRST, APRIL), (*FIRST, APRIL), (*LAST, APRIL), (*LAST, MAY)]
    assert counts(registers) == {APRIL: (4, 3, 0, 1), MAY: (4, 1, 0, 3)}


@pytest.mark.usefixtures("replaced")
def test_what_comes_late_from_before_the_replacement_is_superseded(deliver, registers):
    landing = deliver("2025-04-15", LAST, AFTER, BEFORE)
    assert [(count.kept, count.superseded) for count in landing.counts] == [(2, 1)]
    assert (*LAST, "2025-04-15") not in products(registers)
    deliver(JUNE, LAST)
    assert (*LAST, JUNE) in products(registers)


def test_a_row_that_leaves_quarantine_after_its_period_was_replaced_is_superseded(deliver, tmp_path, registers):
    # A row that has become valid: what was kept of it is put right by hand.
    write_csv(tmp_path / APRIL, "LMDB", [DISPENSING, DISPENSING | {"EKSD": "never"}])
    landed(tmp_path / APRIL, registers)
    with registers.writing() as writer:
        (kept,) = rows(registers, "quarantine")
        mended = kept | {"content": kept["content"].replace("never", "2025-02-02")}
        writer.replace("quarantine", pa.Table.from_pylist([mended], schema=TABLES["quarantine"].schema()))
    deliver(MAY, FIRST, LMDB="2025Q1")
    assert retry_quarantine(registers, KEY).landed == 1
    assert products(registers) == [(*FIRST, MAY)]
    assert counts(registers) == {APRIL: (2, 0, 0, 2), MAY: (1, 1, 0, 0)}


DAYS = st.sampled_from(["2025-01-30", "2025-01-31", "2025-02-01", "2025-02-28", "2025-03-01"])
SENT = st.lists(st.tuples(DAYS, st.sampled_from("12")), min_size=1, max_size=5)
PERIODS = st.sampled_from([None, None, "2025-01", "2025-02", "2025Q1"])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(SENT, PERIODS), min_size=2, max_size=5), st.randoms())
def test_in_any_order_of_arrival_the_deliveries_give_the_same(tmp_path_factory, told, drawn):
    deliveries, expected = [], Counter()
    for number, (sent, text) in enumerate(told, 1):
        if text:
            period = Period.parse(text)
            inside = lambda day, period=period: period.start <= date.fromisoformat(day) < period.end  # noqa: E731
            sent = [row for row in sent if inside(row[0])]
            if not sent:
                continue
            expected = Counter({row: times for row, times in expected.items() if not inside(row[0])})
        expected.update(sent)
        deliveries.append((f"2025-05-{number:02}", sent, text))
    top = tmp_path_factory.mktemp("told")
    registers = Registers(top / "registers")
    drawn.shuffle(deliveries)
    for day, sent, text in deliveries:
        landed(write(top / day, sent), registers, **({"LMDB": text} if text else {}))
    assert Counter(row[:2] for row in products(registers)) == expected
    assert sum(kept for _, kept, _, _ in counts(registers).values()) == expected.total()
    for read, *parts in counts(registers).values():
        assert read == sum(parts)


def test_a_row_that_was_known_keeps_its_lag(replaced, registers):
    snapshot = registers.snapshot()
    found = snapshot.engine.to_pyarrow(arrivals(snapshot, "LMDB").select("happened_on", "received_on")).to_pylist()
    assert {str(row["happened_on"]): str(row["received_on"]) for row in found}[FIRST[0]] == APRIL


def test_results_and_services_are_replaced_by_their_day(tmp_path, registers):
    results = [RESULT | {"samplingdate": f"2025-01-{day} 23:59:59"} for day in (30, 31)]
    write_csv(tmp_path / APRIL, "LAB", results)
    write_csv(tmp_path / APRIL, "SSSY", [SERVICE, SERVICE | {"PNR": BO}])
    landed(tmp_path / APRIL, registers)
    write_csv(tmp_path / MAY, "LAB", [results[1] | {"value": "49"}])
    write_csv(tmp_path / MAY, "SSSY", [SERVICE | {"YDLANT": "2"}])
    landed(tmp_path / MAY, registers, LAB="2025-01-31/2025-02-01", SSSY="2025-02")
    assert sorted((row["sampled_at"], row["value"]) for row in rows(registers, "lab_result")) == [
        (date(2025, 1, 30), 48.0), (date(2025, 1, 31), 49.0)
    ]  # fmt: skip
    assert [row["quantity"] for row in rows(registers, "practice_service")] == [2]


@pytest.mark.parametrize("outside", [BEFORE, AFTER])
def test_files_with_rows_outside_the_period_are_refused_and_nothing_is_replaced(tmp_path, deliver, registers, outside):
    deliver(APRIL, FIRST, LAST)
    write(tmp_path / MAY, [CORRECTED], "LMDB_1")
    write(tmp_path / MAY, [FIRST, outside], "LMDB_2")
    write_csv(tmp_path / MAY, "SSSY", [SERVICE])
    landing = landed(tmp_path / MAY, registers, LMDB="2025Q1")
    first, last = sorted([FIRST[0], outside[0]])
    why = f"LMDB_2.csv has rows from {first} to {last}, outside 2025Q1 that it is to replace."
    assert [text.startswith(why) for text in landing.refused.values()] == [True, True]
    assert products(registers) == [(*FIRST, APRIL), (*LAST, APRIL)]
    assert len(rows(registers, "practice_service")) == 1
    assert not landing.replaced
    landed(tmp_path / MAY, registers, LMDB="2024-01-01/2026-01-01")
    assert products(registers) == sorted([(*FIRST, APRIL), (*outside, MAY), (*CORRECTED, MAY)])


def test_a_replacement_without_a_row_that_can_be_kept_is_refused(deliver, registers):
    deliver(APRIL, FIRST, LAST)
    landing = deliver(MAY, LMDB="2025Q1")
    assert "no row of LMDB can be kept, so 2025Q1 would become empty" in landing.refused["LMDB.csv"]
    assert len(products(registers)) == 2
    assert not rows(registers, "quarantine")


def test_while_an_archive_is_refused_nothing_is_replaced(tmp_path, deliver, registers):
    deliver(APRIL, FIRST, LAST)
    write(tmp_path / MAY, [CORRECTED])
    (tmp_path / MAY / "more.zip").write_bytes(b"broken")
    landing = landed(tmp_path / MAY, registers, LMDB="2025Q1")
    assert "It may hold a part of 2025Q1." in landing.refused["LMDB.csv"]
    assert len(products(registers)) == 2


def test_landing_stops_before_anything_where_there_is_nothing_to_replace_with(tmp_path, registers):
    write_csv(tmp_path / MAY, "SSSY", [SERVICE])
    with pytest.raises(DataError, match="There is no file of LMDB to replace 2025Q1 with"):
        landed(tmp_path / MAY, registers, LMDB="2025Q1")
    assert registers.latest_version == 0


@pytest.mark.usefixtures("replaced")
def test_a_file_that_has_landed_cannot_replace_less_than_it_is(deliver, registers):
    with pytest.raises(DataError, match=r"LMDB\.csv has rows from 2025-01-01 to 2025-03-31, outside 2025-03"):
        deliver(MAY, FIRST, CORRECTED, LMDB="2025-03")
    assert registers.latest_version == 2


@pytest.mark.usefixtures("replaced")
def test_a_part_that_was_forgotten_replaces_the_period_with_those_that_landed(tmp_path, registers):
    write(tmp_path / MAY, [FIRST, CORRECTED])
    write(tmp_path / MAY, [LAST], "LMDB_2")
    landed(tmp_path / MAY, registers, LMDB="2025Q1")
    assert products(registers) == sorted(
        [(*BEFORE, APRIL), (*FIRST, APRIL), (*LAST, MAY), (*CORRECTED, MAY), (*AFTER, APRIL)]
    )
    assert sorted((row["file"], row["rows_kept"], row["rows_superseded"]) for row in rows(registers, "delivery")) == [
        ("LMDB.csv", 1, 1), ("LMDB.csv", 3, 1), ("LMDB_2.csv", 1, 0)
    ]  # fmt: skip


def test_an_extract_sent_again_later_unchanged_replaces_what_came_in_between(deliver, tmp_path, registers):
    file = write(tmp_path / APRIL, [FIRST, LAST])
    landed(file, registers)
    deliver(MAY, CORRECTED)
    again = tmp_path / JUNE / "LMDB.csv"
    again.parent.mkdir()
    again.write_bytes(file.read_bytes())
    assert landed(again, registers, LMDB="2025Q1").known == ["LMDB.csv"]
    assert products(registers) == [(*FIRST, APRIL), (*LAST, APRIL)]
    assert counts(registers) == {APRIL: (2, 2, 0, 0), MAY: (1, 0, 0, 1)}


def test_rows_refused_before_are_not_in_quarantine_twice(tmp_path, registers):
    sent = [DISPENSING, DISPENSING | {"EKSD": "never"}]
    file = write_csv(tmp_path / MAY, "LMDB", sent)
    landed(file, registers)
    before = content(registers)
    assert landed(file, registers, LMDB="2025").version == 2
    assert content(registers)["quarantine"] == before["quarantine"]
    assert content(registers)["prescription"] == before["prescription"]


def test_files_of_several_days_cannot_replace_a_period_together(tmp_path, registers):
    write(tmp_path / "all" / APRIL, [FIRST])
    write(tmp_path / "all" / MAY, [LAST])
    with pytest.raises(DataError, match="LMDB from 2025-04-01 and 2025-05-01 cannot replace 2025Q1 together"):
        landed(tmp_path / "all", registers, LMDB="2025Q1")


@pytest.mark.parametrize(
    ("told", "error", "why"),
    [
        (["LMDB"], DataError, "'LMDB' is no register and period. Write it as in --replaces LMDB=2025Q1"),
        (["LPR_A_KONTAKT=2025"], DataError, "'LPR_A_KONTAKT' cannot be replaced, only of SSSY, LMDB, LAB"),
        (["LMDB=2025Q5"], DefinitionError, "'2025Q5' is not a period"),
        (["LMDB=2024", "lmdb=2025"], DataError, "Two periods of LMDB are to be replaced"),
    ],
)
def test_what_is_told_wrong_is_answered_with_how_to_say_it(told, error, why):
    with pytest.raises(error, match=why):
        read_replacements(told)


def test_the_command_says_what_was_replaced(tmp_path, deliver, registers, monkeypatch):
    monkeypatch.setenv("DDNS_KEY", KEY.hex())
    deliver(APRIL, FIRST, LAST)
    file = write(tmp_path / MAY, [CORRECTED])
    arguments = ["intake", str(file), "--registers", str(registers.path), "--replaces", "lmdb=2025Q1"]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0
    assert "LMDB 2025Q1 is replaced: 2 rows of earlier deliveries no longer count" in done.output
    assert products(registers) == [(*CORRECTED, MAY)]
