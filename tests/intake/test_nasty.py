"""A corpus of nasty files, and random damage: never a crash, never a lost row, never a CPR number let through."""

import json
import os
import random
import re
import tarfile
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake.deliver import (
    ANNA,
    FILES,
    SENTINEL,
    SERVICE,
    SOR_HOLBAEK,
    care_plan,
    landed,
    report,
    rows,
    write_csv,
    write_parquet,
)

from ddns_utils.model import TABLES
from ddns_utils.registers import Registers


def json_of(bundle):
    return json.dumps(bundle, ensure_ascii=False).encode()


def nested(depth):
    return b'{"resourceType":"Bundle","entry":[{"resource":' * depth + b"{}" + b"}]}" * depth


GOOD = json_of(report(care_plan()))
LONG = json_of(report(care_plan(note=[{"text": "x" * 10_000_000}])))
LONG_ID = json_of(report(care_plan("x" * 10_000_000)))
NASTY = {
    "truncated.json": GOOD[: len(GOOD) // 2],
    "truncated.ndjson": GOOD + b"\n" + GOOD[: len(GOOD) // 2],
    "latin-1.ndjson": GOOD + b'\n{"id": "\xe6"}\n',
    "utf-16.json": json.dumps(report(care_plan())).encode("utf-16"),
    "bom.json": b"\xef\xbb\xbf" + GOOD,
    "duplicate keys.json": GOOD.replace(b'"status": "active"', b'"status": "active", "status": "completed"'),
    "duplicate bundle.ndjson": GOOD + b"\n" + GOOD,
    "ten megabytes in a field.json": LONG,
    "ten megabytes in an id.json": LONG_ID,
    "bundles in bundles.json": nested(200),
    "brackets without end.json": b"[" * 1_000_000,
    "deep resource.json": json_of(report(care_plan())).replace(b'"intent"', b'"x": ' + b"[" * 900 + b"]" * 900 + b', "intent"'),
    "huge number.json": GOOD.replace(b'"active"', b"1e400"),
    "zeros.ndjson": bytes(100_000),
    "nothing.json": b"",
    "blank lines.ndjson": b"\n\n  \n",
    "null.json": b"null",
    "entry is text.json": b'{"resourceType": "Bundle", "entry": "all"}',
    "entry is null.json": b'{"resourceType": "Bundle", "entry": null}',
    "surrogate.json": GOOD.replace(b'"plan"', rb'"\ud800"'),
    "zero in text.json": GOOD.replace(b'"plan"', rb'"a\u0000b"'),
    "SSSY_empty.csv": b"",
    "SSSY_zeros.csv": bytes(100_000),
    "SSSY_one line.csv": b"PNR" * 3_000_000,
    "SSSY_quotes.csv": ";".join(SERVICE).encode() + b'\n"' * 2_000,
    "SSSY_random.csv": random.Random(1).randbytes(100_000),
    "SSSY_xlsx.csv": b"PK\x03\x04" + random.Random(2).randbytes(5_000),
    "SSSY_text.parquet": b"PNR;YDERNR\n",
    "SSSY_cut.parquet": b"PAR1" + random.Random(3).randbytes(3_000) + b"PAR1",
    "SSSY_random.sas7bdat": random.Random(4).randbytes(70_000),
    "SSSY_empty.parquet": b"",
    "SSSY_empty.sas7bdat": b"",
}  # fmt: skip


def require_books_balanced(landing, registers):
    """The tables of a store that was empty have as many rows as were kept, quarantine as many as were refused."""
    for table in {count.table for count in landing.counts} & TABLES.keys():
        kept = sum(count.kept for count in landing.counts if count.table == table)
        assert len(rows(registers, table, include_voided=True)) == kept, table
    assert len(rows(registers, "quarantine")) == sum(count.quarantined for count in landing.counts)


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_file_is_refused_or_quarantined_and_its_neighbour_lands(name, tmp_path, registers):
    inbox = tmp_path / "inbox"
    write_csv(inbox, "SENTINEL", [SENTINEL])
    (inbox / name).write_bytes(NASTY[name])
    landing = landed(inbox, registers)
    assert len(rows(registers, "specialist_record")) == 1
    mine = [count for count in landing.counts if count.file == name]
    assert (name in landing.refused) != bool(mine)
    assert all(len(why) < 1_000 for why in landing.refused.values())
    require_books_balanced(landing, registers)
    assert not landed(inbox, registers).counts


@pytest.mark.parametrize("kind", [{"a": 1}, [], 5, None, "x" * 100_000, ANNA, f"Care{ANNA}"])
def test_a_resource_of_no_kind_is_one_row_in_quarantine(kind, tmp_path, registers):
    odd = care_plan("odd", resourceType=kind, meta={"profile": ["http://example.org/klgateway-140-new"]})
    whole = report(care_plan(), odd)
    (tmp_path / "r.ndjson").write_bytes(json_of(whole))
    landing = landed(tmp_path / "r.ndjson", registers)
    require_books_balanced(landing, registers)
    assert [(row["table"], row["reasons"]) for row in rows(registers, "quarantine")] == [
        ("Resource", "unknown profile")
    ]
    assert len(rows(registers, "care_plan")) == 1


@pytest.mark.parametrize("custodian", [5, True, 0.5, {"a": 1}, [5]])
def test_a_record_keeper_that_is_no_text_is_survived(custodian, tmp_path, registers):
    (tmp_path / "r.ndjson").write_bytes(json_of(report(care_plan())) + b"\n" + json_of(report(custodian=custodian)))
    require_books_balanced(landed(tmp_path / "r.ndjson", registers), registers)
    (delivery,) = rows(registers, "delivery")
    assert delivery["sender"] == SOR_HOLBAEK


@pytest.mark.parametrize("sign", [os.fsdecode(b"\xe6"), "\n", "\x1b[2J", "\u202e"])
def test_what_no_terminal_prints_in_a_name_is_replaced(sign, tmp_path, registers):
    inbox = tmp_path / "inbox"
    for stem in ("SENTINEL", "SSSY"):
        write_csv(inbox, stem, [FILES[stem]]).rename(inbox / f"{stem}_{sign}.csv")
    (inbox / f"SSSY_{sign}.csv").write_bytes(b"nothing;of;it\n")
    (inbox / f"r{sign}.json").write_bytes(b"")
    (inbox / f"note{sign}.txt").write_bytes(b"")
    with tarfile.open(inbox / f"all{sign}.tar", "w") as archive:
        archive.add(inbox / f"SENTINEL_{sign}.csv", f"LAB_{sign}.csv")
        archive.add(inbox / f"note{sign}.txt", f"a note{sign}.txt")
    landing = landed(inbox, registers)
    said = "\n".join(landing.lines())
    assert said.encode()
    assert sign not in said.replace("\n", "") + repr(rows(registers, "delivery"))
    assert len(rows(registers, "specialist_record")) == 1
    assert len(landing.refused) == 3
    assert len(landing.others) == 2


def test_what_is_refused_under_one_name_lands_under_another(tmp_path, registers):
    for name in ("SENTINEL", "LAB", "SSSY"):
        write_csv(tmp_path / "inbox", name, [SENTINEL])
    landing = landed(tmp_path / "inbox", registers)
    assert set(landing.refused) == {"LAB.csv", "SSSY.csv"}
    assert len(rows(registers, "specialist_record")) == 1
    require_books_balanced(landing, registers)


def test_a_directory_named_like_a_file_is_a_directory(folder, registers):
    for name in ("SSSY.csv", "day.ndjson", "LAB.parquet", "all.zip", "BEF.sas7bdat"):
        (folder / name).mkdir(parents=True)
    write_csv(folder / "SSSY.csv", "SENTINEL", [SENTINEL])
    landing = landed(folder, registers)
    assert not landing.refused
    assert [count.file for count in landing.counts] == ["SSSY.csv/SENTINEL.csv"]


def test_columns_of_the_wrong_type_are_read_by_their_text_or_refused_row_by_row_and_lists_as_a_file(folder, registers):
    fields = {name: f"'{value}'" for name, value in SERVICE.items()}
    wrong = {
        "PNR": f"{ANNA[1:]}.0::DOUBLE", "SPECIALE": "'NaN'::DOUBLE", "YDLANT": "1e300::DOUBLE", "HONUGE": "[1, 2]",
        "BARNMAK": "2.5::DECIMAL(5, 2)", "BEHANDLINGSDATO": "{'a': 1}", "YDERNR": "repeat('x', 10000000)",
    }  # fmt: skip
    for name, value in wrong.items():
        row = ", ".join(f"{v} AS {k}" for k, v in (fields | {name: value}).items())
        write_parquet(folder, f"SSSY_{name}", f"SELECT {row}")
    landing = landed(folder, registers)
    found = {c.file.removeprefix("SSSY_").removesuffix(".parquet"): list(c.reasons) for c in landing.counts}
    assert found == {
        "PNR": [], "SPECIALE": ["missing service_code", "missing specialty"], "YDLANT": ["unreadable quantity"],
        "BARNMAK": ["unreadable for_child"], "YDERNR": ["provider too long"],
    }  # fmt: skip
    assert landing.refused == {
        f"SSSY_{name}.parquet": f"SSSY_{name}.parquet has more than one value in a row of {name}. Send one value a row."
        for name in ("HONUGE", "BEHANDLINGSDATO")
    }


@pytest.mark.parametrize("year", [-34_000, 1, 1799, 10_000, 200_000])
@pytest.mark.parametrize("register", ["LAB", "AIM", "LPR_A_KONTAKT", "BEF"])
def test_a_typed_day_that_nobody_lived_on_is_unreadable(register, year, folder, registers):
    field = {"LAB": "samplingdate", "AIM": "DATO", "LPR_A_KONTAKT": "KONT_STARTTIDSPUNKT", "BEF": "FOED_DAG"}[register]
    texts = ", ".join(f"'{value}' AS {name}" for name, value in FILES[register].items() if name != field)
    write_parquet(folder, register, f"SELECT {texts}, make_timestamp({year}, 3, 1, 10, 0, 0) AS {field}")
    landing = landed(folder, registers)
    (reason,) = {reason for count in landing.counts for reason in count.reasons} - {"end before start"}
    assert reason.startswith("unreadable ")
    assert len(rows(registers, "quarantine")) == 1


@pytest.mark.parametrize("year", ["0001", "1799"])
def test_a_report_about_a_day_that_nobody_lived_on_is_unreadable(year, tmp_path, registers):
    (tmp_path / "r.ndjson").write_bytes(json_of(report(care_plan(period={"start": f"{year}-01-01T10:00:00Z"}))))
    (count,) = landed(tmp_path / "r.ndjson", registers).counts
    assert list(count.reasons) == ["unreadable start"]


SOME_CSV = {
    name: (";".join(FILES[name]) + "\n" + (";".join(FILES[name].values()) + "\n") * 3).encode()
    for name in ("SSSY", "LAB", "AIM", "LPR_A_KONTAKT")
}


@st.composite
def damaged(draw, whole):
    """Bytes with a few pieces taken out, doubled, overwritten or put in."""
    data = bytearray(draw(whole))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 20)))
        how = draw(st.sampled_from(["out", "double", "put", "cut"]))
        if how == "out":
            del data[at:end]
        elif how == "double":
            data[at:at] = data[at:end]
        elif how == "put":
            data[at:at] = draw(
                st.one_of(st.binary(max_size=8), st.sampled_from([b'"', b"\n", b";", b"\0", b"{", b"null", b"\xe6"]))
            )
        else:
            del data[end:]
    return bytes(data)


@st.composite
def changed_bundle(draw):
    """A report with values somewhere inside replaced by values of any kind."""
    bundle = report(care_plan())
    for _ in range(draw(st.integers(1, 4))):
        node, steps = bundle, draw(st.integers(1, 7))
        for _ in range(steps):
            keys = list(node) if isinstance(node, dict) else range(len(node))
            if not keys:
                break
            key = draw(st.sampled_from(list(keys)))
            if isinstance(node[key], dict | list) and draw(st.booleans()):
                node = node[key]
                continue
            node[key] = draw(st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([]), st.just({}), st.just([None]), st.just({"coding": [{}]}), st.just([{"url": 1}])))  # fmt: skip
            break
    return json_of(bundle)


FUZZ = settings(
    max_examples=30,
    deadline=timedelta(seconds=20),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)


def land_alone(name, data, tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir(exist_ok=True)
    (inbox / name).write_bytes(data)
    store = Registers(tmp_path / "fuzzed" / str(sum(1 for _ in tmp_path.glob("fuzzed/*"))))
    landing = landed(inbox / name, store)
    assert (name in landing.refused) != bool(landing.counts)
    require_books_balanced(landing, store)
    text = repr(landing) + "".join(repr(rows(store, table)) for table in store.snapshot().tables)
    assert not re.search(rf"(?<!\d){ANNA}(?!\d)", text)


@FUZZ
@given(data=st.data(), name=st.sampled_from(sorted(SOME_CSV)))
def test_any_damage_to_a_csv_file_is_survived(data, name, tmp_path):
    land_alone(f"{name}.csv", data.draw(damaged(st.just(SOME_CSV[name]))), tmp_path)


@FUZZ
@given(data=st.one_of(changed_bundle(), damaged(st.just(GOOD + b"\n" + GOOD)), damaged(changed_bundle())))
def test_any_damage_to_a_report_is_survived(data, tmp_path):
    land_alone("0316.ndjson", data, tmp_path)
