"""Reading files of delivery reports: one JSON document, or one a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import orjson

from ddns_utils.errors import DataError
from ddns_utils.intake.kl_gateway import Report, Rows, read_document
from ddns_utils.intake.pseudonym import Pseudonyms

UNREADABLE = "not JSON"


@dataclass
class ReportFile:
    """What a file of reports turned out to hold."""

    reports: int = 0
    latest: datetime | None = None
    custodians: set[str] = field(default_factory=set)

    def note(self, report: Report) -> None:
        """Count a report in."""
        self.reports += 1
        if report.reported_at and (self.latest is None or report.reported_at > self.latest):
            self.latest = report.reported_at
        if isinstance(report.custodian, str) and report.custodian:
            self.custodians.add(report.custodian)


def read_reports(path: Path, delivery_id: str, pseudonyms: Pseudonyms, into: Rows, tally: ReportFile) -> Iterator[int]:
    """Read a file line by line (``.ndjson``, ``.jsonl``) or whole (``.json``); gives the bytes of each document.

    A line that is not a report goes to quarantine. DataError if the file holds no report at all.
    """
    wrong = ""
    for number, text in _documents(path):
        try:
            document = orjson.loads(text)
            reports = read_document(document, delivery_id, number, pseudonyms, into)
        except orjson.JSONDecodeError:
            wrong = "it is not JSON in UTF-8"
            into.refuse(delivery_id, "Bundle", number, UNREADABLE, text)
        except ValueError as error:
            wrong = str(error)
            into.refuse(delivery_id, "Bundle", number, "not a FHIR Bundle", document)
        else:
            wrong = wrong if reports else "no Bundle in it has the shape of one"
            for report in reports:
                tally.note(report)
        yield len(text)
    if tally.reports == 0:
        raise DataError(
            f"{path.name} holds no delivery report: {wrong or 'it is empty'}. Send FHIR Bundles as "
            "JSON: one in a .json file, or one a line in a .ndjson file."
        )


def _documents(path: Path) -> Iterator[tuple[int, bytes]]:
    if path.suffix.lower() == ".json":
        text = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
        if text.strip():
            yield 1, text
        return
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            text = line.removeprefix(b"\xef\xbb\xbf")
            if text.strip():
                yield number, text
