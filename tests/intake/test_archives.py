"""Archives: unpacked with distrust, landed like a folder, refused as one file."""

import gzip
import io
import stat
import tarfile
import tracemalloc
import zipfile

import pytest
from intake.deliver import BO, FILES, SERVICE, care_plan, content, landed, report, rows, write_csv, write_reports

from ddns_utils.intake import archives
from ddns_utils.registers import Registers


def write_zip(file, members):
    """A zip of names and bytes; a ZipInfo as name keeps what it says."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in members:
            out.writestr(name, data)


def write_tar(file, members, mode="w:gz"):
    """A tar of names and bytes; a TarInfo as name keeps what it says."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, mode) as out:
        for name, data in members:
            member = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            member.size = len(data)
            out.addfile(member, io.BytesIO(data))


def csv_bytes(row):
    return f"{';'.join(row)}\n{';'.join(row.values())}\n".encode()


def write(file, members):
    if file.suffix == ".zip":
        write_zip(file, members)
    else:
        write_tar(file, members, "w" if file.suffix == ".tar" else "w:gz")


KINDS = ["deliveries.zip", "deliveries.tar", "deliveries.tar.gz", "deliveries.tgz"]


@pytest.mark.parametrize("name", KINDS)
def test_an_archive_lands_like_the_folder_it_holds(name, registers, tmp_path):
    top = tmp_path / "delivered"
    for register, row in FILES.items():
        write_csv(top / "registers" / "2025-04-01", register, [row])
    write_reports(top / "kl_gateway" / "2025-03-10" / "0316.ndjson", report(care_plan()))
    files = sorted(file for file in top.rglob("*") if file.is_file())
    write(tmp_path / "packed" / name, [(str(f.relative_to(top)), f.read_bytes()) for f in files])
    landing = landed(tmp_path / "packed", registers)
    assert not landing.failed
    other = Registers(tmp_path / "other")
    landed(top, other)
    told, expected = content(registers), content(other)
    assert told.keys() == expected.keys()
    assert all(told[table] == expected[table] for table in told if table != "delivery")
    assert {row["file"].removeprefix(f"{name}/") for row in rows(registers, "delivery")} == {
        str(file.relative_to(top)) for file in files
    }
    assert landed(tmp_path / "packed", registers).counts == []
    assert not (registers.path / "staging").exists()


def test_a_file_packed_alone_by_gzip_lands(registers, tmp_path):
    inbox = tmp_path / "2025-04-01"
    inbox.mkdir()
    (inbox / "SSSY.csv.gz").write_bytes(gzip.compress(csv_bytes(SERVICE)))
    write_reports(tmp_path / "r.ndjson", report(care_plan()))
    (inbox / "r.ndjson.gz").write_bytes(gzip.compress((tmp_path / "r.ndjson").read_bytes()))
    assert {count.file for count in landed(inbox, registers).counts} == {
        "SSSY.csv.gz/SSSY.csv",
        "r.ndjson.gz/r.ndjson",
    }
    assert [len(rows(registers, table)) for table in ("practice_service", "care_plan")] == [1, 1]


def test_folders_in_a_zip_may_be_parted_as_windows_parts_them(registers, tmp_path):
    write_zip(tmp_path / "a.zip", [("2025-04-01\\", b""), ("2025-04-01\\SSSY.csv", csv_bytes(SERVICE))])
    landing = landed(tmp_path / "a.zip", registers)
    assert [count.file for count in landing.counts] == ["a.zip/2025-04-01/SSSY.csv"]
    assert landing.others == []


def test_an_archive_gives_its_day_to_files_without_one(registers, tmp_path):
    write_zip(tmp_path / "2025-04-01.zip", [("SSSY.csv", csv_bytes(SERVICE))])
    landed(tmp_path / "2025-04-01.zip", registers)
    (row,) = rows(registers, "delivery")
    assert row["delivery_id"].startswith("2025-04-01-")


def link(name, to):
    member = tarfile.TarInfo(name)
    member.type, member.linkname = tarfile.SYMTYPE, to
    return member


def device(name):
    member = tarfile.TarInfo(name)
    member.type = tarfile.CHRTYPE
    return member


def zip_link(name):
    member = zipfile.ZipInfo(name)
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("a.tar", (link("LAB.csv", "/etc/passwd"), b"")),
        ("a.tgz", (device("LAB.csv"), b"")),
        ("a.zip", (zip_link("LAB.csv"), b"/etc/passwd")),
        ("a.zip", ("inner.zip", b"PK")),
        ("a.zip", ("README.md", b"hello")),
    ],
)  # fmt: skip
def test_links_devices_and_archives_in_archives_are_left_alone_and_named(name, odd, registers, tmp_path):
    write(tmp_path / name, [odd, ("SSSY.csv", csv_bytes(SERVICE))])
    landing = landed(tmp_path / name, registers)
    assert not landing.failed
    odd_name = odd[0] if isinstance(odd[0], str) else getattr(odd[0], "filename", None) or odd[0].name
    assert landing.others == [f"{name}/{odd_name}"]
    assert len(rows(registers, "practice_service")) == 1


@pytest.mark.parametrize("path", ["../LAB.csv", "/tmp/LAB.csv", "a/../../LAB.csv", "..\\LAB.csv", "C:/LAB.csv", ".."])
@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_a_path_that_leads_out_refuses_the_archive_and_writes_nothing(name, path, registers, tmp_path):
    inbox = tmp_path / "inbox"
    write(inbox / name, [("SSSY.csv", csv_bytes(SERVICE)), (path, b"PNR;x\n")])
    write_csv(inbox, "SSSY", [SERVICE | {"YDLANT": "2"}])
    before = {file for file in tmp_path.rglob("*") if registers.path not in file.parents and file != registers.path}
    landing = landed(inbox, registers)
    assert landing.refused == {name: f"{name} holds a file whose path leads out of the archive. Send plain names."}
    assert [row["quantity"] for row in rows(registers, "practice_service")] == [2]
    after = {file for file in tmp_path.rglob("*") if registers.path not in file.parents and file != registers.path}
    assert after == before


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_an_archive_that_unpacks_to_far_more_than_its_size_is_refused(name, registers, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "SMALL", 1_000_000)
    write(tmp_path / name, [("LAB.csv", bytes(30_000_000))])
    tracemalloc.start()
    landing = landed(tmp_path / name, registers)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert landing.refused[name].startswith(f"{name} unpacks to more than ")
    assert most < 20_000_000


def test_an_archive_with_too_many_files_is_refused(registers, tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "MOST_FILES", 10)
    write_zip(tmp_path / "a.zip", [(f"SSSY_{n}.csv", csv_bytes(SERVICE)) for n in range(11)])
    assert landed(tmp_path / "a.zip", registers).refused == {
        "a.zip": "a.zip holds more than 10 files. Send it in parts."
    }


def test_a_header_without_end_is_not_read_into_memory(registers, tmp_path):
    member = tarfile.TarInfo("long")
    member.type = tarfile.GNUTYPE_LONGNAME
    write_tar(tmp_path / "a.tar.gz", [(member, b"x" * 30_000_000), ("SSSY.csv", csv_bytes(SERVICE))])
    tracemalloc.start()
    landing = landed(tmp_path / "a.tar.gz", registers)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "a header is longer than headers are" in landing.refused["a.tar.gz"]
    assert most < 20_000_000


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("name", ["a.zip", "a.tar"])
def test_two_files_of_one_name_refuse_the_archive(name, registers, tmp_path):
    write(tmp_path / name, [("SSSY.csv", csv_bytes(SERVICE)), ("SSSY.csv", csv_bytes(SERVICE | {"YDLANT": "2"}))])
    assert landed(tmp_path / name, registers).refused == {
        name: f"{name} holds two files of one name. Send each file once."
    }


def test_a_zip_of_windows_own_deflate64_is_told_how_to_be_packed(registers, tmp_path):
    write_zip(tmp_path / "a.zip", [("SSSY.csv", csv_bytes(SERVICE))])
    packed = bytearray((tmp_path / "a.zip").read_bytes())
    packed[packed.index(b"PK\3\4") + 8] = packed[packed.index(b"PK\1\2") + 10] = 9
    (tmp_path / "a.zip").write_bytes(packed)
    assert landed(tmp_path / "a.zip", registers).refused == {
        "a.zip": "a.zip is packed in a way that is not read. Send it as .tar.gz, or the files."
    }


def broken():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("SSSY.csv", csv_bytes(SERVICE) * 100)
    whole = packed.getvalue()
    yield "cut.zip", whole[: len(whole) // 2]
    yield "bit.zip", whole[:60] + bytes([whole[60] ^ 255]) + whole[61:]
    locked = bytearray(whole)
    for start in (whole.index(b"PK\3\4") + 6, whole.index(b"PK\1\2") + 8):
        locked[start] |= 1
    yield "locked.zip", bytes(locked)
    yield "empty.zip", b""
    yield "empty.tar", b""
    yield "text.tgz", b"no archive"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as out:
        member = tarfile.TarInfo("SSSY.csv")
        member.size = 5000
        out.addfile(member, io.BytesIO(bytes(5000)))
    yield "cut.tar", packed.getvalue()[:3000]
    yield "cut.csv.gz", gzip.compress(csv_bytes(SERVICE))[:40]
    yield "cut.tar.gz", gzip.compress(packed.getvalue())[:60]
    yield f"{BO}.zip", b"PK"


@pytest.mark.parametrize(("name", "data"), list(broken()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_broken_archive_is_refused_and_the_other_files_land(name, data, registers, tmp_path):
    write_csv(tmp_path / "inbox", "SSSY", [SERVICE])
    (tmp_path / "inbox" / name).write_bytes(data)
    landing = landed(tmp_path / "inbox", registers)
    assert list(landing.refused) == [name.replace(BO, "[CPR]")]
    assert BO not in repr(landing)
    assert len(rows(registers, "practice_service")) == 1
