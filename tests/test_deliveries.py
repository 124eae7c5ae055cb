"""Who delivers, who is silent and who is quiet, and which months are overdue."""

from datetime import date, datetime, timedelta

import pyarrow as pa
import pytest
from click.testing import CliRunner

from ddns_utils import areas, codelists
from ddns_utils.cli import main
from ddns_utils.deliveries import days, lines, never_delivered, senders, usual_gap
from ddns_utils.errors import DataError
from ddns_utils.model import TABLES
from ddns_utils.registers import Registers

KOBENHAVN = "9991011000016009"
DAY = timedelta(days=1)
FIRST = date(2025, 3, 1)


def store(path, deliveries, source="KL Gateway"):
    """A store with deliveries: (day, rows read, rows in quarantine, sender)."""
    registers = Registers(path)
    rows = [
        {"delivery_id": f"{day}-{number:012}", "source": source, "sender": sender, "file": "f", "sha256": str(number),
         "received_at": datetime(day.year, day.month, day.day), "first_day": None, "last_day": None, "rows_read": read, "rows_kept": read - bad,
         "rows_quarantined": bad, "rows_superseded": 0}
        for number, (day, read, bad, sender) in enumerate(deliveries)
    ]  # fmt: skip
    with registers.writing() as writer:
        writer.append("delivery", pa.Table.from_pylist(rows, TABLES["delivery"].schema()))
    return registers


def every(gap, number, first=FIRST):
    return [(first + gap * step * DAY, 10, 0, KOBENHAVN) for step in range(number)]


def seen(tmp_path, deliveries, on):
    (sender,) = senders(days(store(tmp_path, deliveries).snapshot()), on)
    return sender


@pytest.mark.parametrize(("gap", "after", "state"), [
    (1, 2, "in rhythm"), (1, 3, "silent"), (7, 14, "in rhythm"), (7, 15, "silent"), (1, 0, "in rhythm"),
])  # fmt: skip
def test_a_sender_is_silent_the_day_after_twice_its_usual_gap(tmp_path, gap, after, state):
    deliveries = every(gap, 20)
    sender = seen(tmp_path, deliveries, deliveries[-1][0] + after * DAY)
    assert (sender.state, sender.usual_gap_days, sender.days_since) == (state, gap, after)


def test_one_long_gap_among_thirty_does_not_become_the_rhythm():
    came = [FIRST + step * DAY for step in range(15)]
    came += [came[-1] + 40 * DAY + step * DAY for step in range(16)]
    assert len(came) == 31
    assert usual_gap(came) == 1


@pytest.mark.parametrize(("deliveries", "gap"), [(5, None), (6, 1)])
def test_a_rhythm_takes_five_gaps(deliveries, gap):
    assert usual_gap([FIRST + step * DAY for step in range(deliveries)]) == gap


def test_a_rhythm_changes_with_the_latest_thirty_gaps():
    monthly = [FIRST + 30 * step * DAY for step in range(12)]
    daily = [monthly[-1] + step * DAY for step in range(1, 31)]
    assert usual_gap(monthly) == 30
    assert usual_gap(monthly + daily) == 1


def test_days_without_a_delivery_are_quiet_then_silent_and_a_file_without_rows_says_there_was_nothing(tmp_path):
    weekly = every(7, 10)
    last = weekly[-1][0]
    found = days(
        store(tmp_path, [*weekly, (last + 17 * DAY, 0, 0, KOBENHAVN), (last + 18 * DAY, 9, 2, KOBENHAVN)]).snapshot()
    )
    shown = [
        (line.first - last, line.last - last, line.state, line.rows_quarantined)
        for line in lines(found, last, last + 18 * DAY)
    ]
    assert shown == [
        (0 * DAY, 0 * DAY, "received", 0), (1 * DAY, 14 * DAY, "quiet", 0), (15 * DAY, 16 * DAY, "silent", 0),
        (17 * DAY, 17 * DAY, "nothing to report", 0), (18 * DAY, 18 * DAY, "received", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(("came", "on", "late", "overdue"), [
    (date(2025, 4, 14), date(2025, 4, 20), (), ()),
    (date(2025, 4, 15), date(2025, 4, 20), ("2025-03",), ()),
    (date(2025, 3, 31), date(2025, 4, 14), (), ()),
    (date(2025, 3, 31), date(2025, 4, 15), (), ("2025-03",)),
    (date(2025, 4, 1), date(2025, 4, 15), (), ()),
])  # fmt: skip
def test_a_month_is_due_14_days_after_its_end(tmp_path, came, on, late, overdue):
    sender = seen(tmp_path, [(date(2025, 3, 10), 1, 0, KOBENHAVN), (came, 1, 0, KOBENHAVN)], on)
    assert (sender.late, sender.overdue) == (late, overdue)


@pytest.mark.parametrize(("source", "overdue"), [("AIM", ("2025-03",)), ("SENTINEL", ("2025-03",)), ("LMDB", ())])
def test_practice_is_due_as_the_reporting_guide_says_and_extracts_of_registers_are_not(tmp_path, source, overdue):
    (sender,) = senders(days(store(tmp_path, [(FIRST, 1, 0, "ALFA")], source).snapshot()), date(2025, 4, 15))
    assert sender.overdue == overdue


def test_municipalities_that_nothing_has_ever_come_from_are_told(tmp_path):
    other = codelists.rows("municipal_organization")[0]
    assert never_delivered(store(tmp_path / "none", every(1, 1), "AIM").snapshot()) == []
    registers = store(tmp_path / "two", [*every(1, 1), (FIRST, 1, 0, str(other["code"])), (FIRST, 1, 0, None)])
    missing = [code for code in areas.codes("municipality") if code not in ("101", other["municipality"])]
    assert never_delivered(registers.snapshot()) == missing
    shown = CliRunner().invoke(main, ["registers", "--deliveries", "--registers", str(registers.path)]).output
    assert f"Nothing has ever come from 96 municipalities: {', '.join(missing)}.\n" in shown
    for more in (["--sender", "101"], ["--source", "KL Gateway", "--sender", "101"]):
        shown = (
            CliRunner().invoke(main, ["registers", "--deliveries", "--registers", str(registers.path), *more]).output
        )
        assert "Nothing has ever come" not in shown


def test_the_day_of_receipt_is_the_day_of_delivery_and_municipalities_go_by_their_code(tmp_path):
    found = days(store(tmp_path, [(FIRST, 10, 0, KOBENHAVN), (FIRST, 5, 1, None), (FIRST, 5, 1, KOBENHAVN)]).snapshot())
    assert found.sender.tolist() == ["101", "several"]
    assert found.received_on.tolist() == [FIRST, FIRST]
    assert (found.files.tolist(), found.rows_read.tolist()) == ([2, 1], [15, 5])


def test_a_source_or_sender_that_never_delivered_is_named(tmp_path):
    snapshot = store(tmp_path, every(1, 2)).snapshot()
    with pytest.raises(DataError, match=r"No delivery has the sender '851'\. There are: 101\."):
        days(snapshot, sender="851")
    with pytest.raises(DataError, match=r"No delivery has the source 'LMDB'\. There are: KL Gateway\."):
        days(snapshot, source="LMDB")
    with pytest.raises(DataError, match="Nothing has been delivered yet"):
        days(Registers(tmp_path / "other").snapshot())


def test_the_command_shows_senders_and_days(tmp_path):
    store(tmp_path, [*every(1, 10), (FIRST + 10 * DAY, 9, 2, KOBENHAVN)])
    result = CliRunner().invoke(main, ["registers", "--deliveries", "--registers", str(tmp_path), "--to", "2025-03-14"])
    assert result.exit_code == 0, result.output
    assert "KL Gateway\t101\t2025-03-11\t3\t1\tsilent\t\t" in result.output
    assert "KL Gateway\t101\t2025-03-11\t2025-03-11\treceived\t1\t0\t9\t7\t2\t0" in result.output
    assert "KL Gateway\t101\t2025-03-12\t2025-03-13\tquiet\t0\t0\t0\t0\t0\t0" in result.output
    assert "KL Gateway\t101\t2025-03-14\t2025-03-14\tsilent\t0\t0\t0\t0\t0\t0" in result.output


def test_choosing_among_deliveries_without_asking_for_them_is_refused(tmp_path):
    result = CliRunner().invoke(main, ["registers", "--sender", "101", "--registers", str(tmp_path)])
    assert result.exit_code == 2
    assert "Add --deliveries" in result.output
