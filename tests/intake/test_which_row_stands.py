"""Drawn deliveries of a register with a key: whatever comes in what order, in parts of any size, the latest row stands."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake.deliver import AIM, landed, rows, write_csv

from ddns_utils import table_files
from ddns_utils.intake import at_once, flat, staging
from ddns_utils.registers import Registers

FILES = ("AIM_1", "AIM_2")
DAYS = tuple(f"2025-05-0{day}" for day in range(1, 6))


@dataclass(frozen=True)
class Row:
    """A row as it was sent: the day and file it came in, its place there, its key, and what it says (None: a fault)."""

    day: str
    file: str
    place: int
    key: str
    says: int | None


SENT = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([48, 49, None])), min_size=1, max_size=6)
DELIVERIES = st.dictionaries(st.tuples(st.sampled_from(DAYS), st.sampled_from(FILES)), SENT, min_size=2, max_size=5)


def write(top, day, file, sent):
    lines = [
        AIM | {"REGISTRERING_ID": key, "VAERDI": "?" if says is None else says, "SENT": f"{day}{file}"}
        for key, says in sent
    ]
    return write_csv(top / day, file, lines)


@pytest.mark.parametrize(("few", "at_a_time"), [(20_000, 1_000_000), (0, 2), (2, 3)])
@settings(max_examples=7, deadline=None)
@given(deliveries=DELIVERIES, drawn=st.randoms())
def test_the_latest_row_of_each_key_stands(few, at_a_time, deliveries, drawn, tmp_path_factory):
    sent = [Row(*where, n, *row) for where, lines in deliveries.items() for n, row in enumerate(lines)]
    top = tmp_path_factory.mktemp("sent")
    registers = Registers(top / "registers")
    days = sorted({day for day, _ in deliveries})
    drawn.shuffle(days)
    for (day, file), lines in deliveries.items():
        write(top, day, file, lines)
    with pytest.MonkeyPatch.context() as patch:
        for module in (at_once, flat, staging):
            patch.setattr(module, "FEW_ROWS", few)
        patch.setattr(table_files, "ROWS_PER_WRITE", at_a_time)
        patch.setattr(table_files, "ROWS_PER_BATCH", at_a_time)
        for day in days:
            landed(top / day, registers)
    stands = {}
    for row in sorted(sent, key=lambda row: (row.day, row.file, row.place)):
        if row.says is not None:
            stands[row.key] = (row.says, row.day)
    found = {row["record_id"]: (row["value"], row["delivery_id"][:10]) for row in rows(registers, "practice_record")}
    assert found == stands
    assert len(rows(registers, "practice_record")) == len(stands)
    refused = sorted((row.day, row.place + 1) for row in sent if row.says is None)
    assert sorted((row["delivery_id"][:10], row["source_row"]) for row in rows(registers, "quarantine")) == refused
    for delivery in rows(registers, "delivery"):
        lines = deliveries[delivery["delivery_id"][:10], delivery["file"].removesuffix(".csv")]
        assert delivery["rows_read"] == len(lines)
        assert delivery["rows_quarantined"] == sum(says is None for _, says in lines)
