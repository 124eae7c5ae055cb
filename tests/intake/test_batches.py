"""However little is read and written at a time, a landing gives the same."""

import importlib
import pkgutil

from intake.deliver import FILES, KEY, care_plan, content, landed, report, write_csv, write_parquet, write_reports
from intake.sas_file import write_sas

import ddns_utils.intake
from ddns_utils import registers as store
from ddns_utils import table_files
from ddns_utils.intake import retry_quarantine
from ddns_utils.registers import Registers

# What is done at a time, and how little that is here.
AT_A_TIME = {
    "FEW_ROWS": 0,
    "FEW_BYTES": 0,
    "BYTES_FOR_ONE_THREAD": 0,
    "ROWS_AT_A_TIME": 2,
    "BYTES_AT_A_TIME": 1,
    "BYTES_REFUSED": 1,
    "BYTES_PER_BATCH": 1,
    "BYTES_PER_WRITE": 1,
    "ROWS_PER_BATCH": 2,
    "ROWS_PER_WRITE": 5,
    "ROWS_PER_GROUP": 2,
    "ROWS_PER_FILE": 3,
}
WITHIN = [f"ddns_utils.intake.{found.name}" for found in pkgutil.iter_modules(ddns_utils.intake.__path__)]
MODULES = [*map(importlib.import_module, WITHIN), table_files, store]
DAYS = range(1, 20)
# A field that says something else in each row, and one that may be wrong.
DIFFERENT = {
    "BEF": ("BOP_VFRA", "2025-01-{:02}", "KOM"),
    "LPR_A_KONTAKT": ("DW_EK_KONTAKT", "k{}", "KONT_STARTTIDSPUNKT"),
    "LPR_A_DIAGNOSE": ("DW_EK_KONTAKT", "k{}", "DIAG_KODE_TYPE"),
    "LPR_A_PROCREGISTRERING": ("DW_EK_KONTAKT", "k{}", "PROC_STARTTIDSPUNKT"),
    "SSSY": ("BEHANDLINGSDATO", "2025-02-{:02}", "YDLANT"),
    "LMDB": ("EKSD", "2025-01-{:02}", "ATC"),
    "LAB": ("samplingdate", "2025-01-{:02}", "pnr"),
    "AIM": ("REGISTRERING_ID", "a{}", "DATO"),
    "SENTINEL": ("REGISTRERING_ID", "s{}", "DIAGNOSE"),
}


def several(name, changed=None, wrong_every=5):
    field, text, wrong = DIFFERENT[name]
    given = [FILES[name] | {field: text.format(day)} | (changed or {}) for day in DAYS]
    return [row | ({wrong: "?"} if day % wrong_every == 0 else {}) for day, row in zip(DAYS, given, strict=True)]


def deliver(top):
    """Registers in every format and reports, with rows that are wrong, sent again and corrected."""
    first, second, third = (top / f"2025-04-0{day}" for day in (1, 2, 3))
    for name in DIFFERENT:
        write_csv(first, name, several(name))
    write_csv(second, "LPR_A_KONTAKT", several("LPR_A_KONTAKT", {"PRIORITET": "ATA3"}, wrong_every=3)[4:])
    second.joinpath("LMDB.csv").write_text((first / "LMDB.csv").read_text() + 'a "badly formed" line\n')
    write_sas(second / "SENTINEL.sas7bdat", several("SENTINEL", wrong_every=7))
    write_parquet(third, "AIM", f"FROM read_csv('{first / 'AIM.csv'}', all_varchar = true) LIMIT 12")
    plans = [care_plan(f"p{day}", status="odd" if day % 4 == 0 else "active") for day in DAYS]
    ended = [care_plan(f"p{day}", status="completed") for day in DAYS]
    write_reports(second / "r.ndjson", *(report(*plans[n : n + 3]) for n in range(0, len(plans), 3)), {"a": 1})
    write_reports(third / "r.ndjson", report(*ended[6:], timestamp="2025-03-11T12:00:00Z"), report(*plans[:2]))


def both(top, registers):
    """What the store has after a landing, and after the contacts that diagnoses waited for, and a retry."""
    landing = landed(top / "all", registers)
    after = content(registers)
    landed(write_csv(top / "2025-04-04", "LPR_A_KONTAKT", several("LPR_A_KONTAKT", wrong_every=99)), registers)
    retry_quarantine(registers, KEY)
    return landing, after, content(registers)


def test_little_at_a_time_gives_the_same(tmp_path, monkeypatch):
    deliver(tmp_path / "all")
    landing, *expected = both(tmp_path, Registers(tmp_path / "registers"))
    assert not landing.refused
    assert {count.table for count in landing.counts if count.kept and count.quarantined} >= {"residence", "lab_result"}
    assert any(count.superseded for count in landing.counts)
    patched = dict.fromkeys(AT_A_TIME, 0)
    for module in MODULES:
        for name, little in AT_A_TIME.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, little)
                patched[name] += 1
    assert all(patched.values())
    _, *found = both(tmp_path, Registers(tmp_path / "again"))
    assert found == expected
