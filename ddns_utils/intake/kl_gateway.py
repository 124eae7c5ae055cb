"""KL Gateway delivery reports (FHIR R4 Bundles) as rows of the municipal tables.

Sources: the implementation guides kl.dk.fhir.rehab 2.2.0, kl.dk.fhir.prevention 2.1.1 and kl.dk.fhir.gateway 1.2.0
and 1.3.0.
A report is an increment of whole resources about one citizen of one record-keeping organisation. Patients and
Organizations are not rows of their own: they are carried into the rows that refer to them. Codes are read as codes,
never by their display; FSIII's old form becomes its UUID. A resource that no table takes is refused, not forgotten.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any

from ddns_utils.intake import fhir, kl_codes
from ddns_utils.intake.contract import last_day
from ddns_utils.intake.fhir import Resource
from ddns_utils.intake.invariants import DECEASED, UNRESOLVED, Rule
from ddns_utils.intake.kl_resources import READERS, table_of
from ddns_utils.intake.pseudonym import Pseudonyms

CARRIED = ("Patient", "Organization")
DEEPEST = 3
CLOCKS_DIFFER = timedelta(days=1)
NO_SHAPE = "not the shape of a delivery report"
_KIND = re.compile(r"[A-Za-z]{1,50}")
SHAPELESS = (AttributeError, TypeError, KeyError, IndexError, RecursionError)
VOIDED, DELIVERY_ID = 5, 6  # places in a row, which begins with the columns that every municipal table has


class Rows:
    """Rows of many tables as tuples in the model's column order, then report number in the file and faults.

    ``count`` is how many they are, ``bytes`` how long the documents they were read from.
    """

    def __init__(self) -> None:
        self.tables: dict[str, list[tuple]] = defaultdict(list)
        self.resources: dict[str, list[tuple[Report, Resource]]] = defaultdict(list)
        self.refused: list[tuple[str, str | None, str, int, str, Any]] = []
        self.findings: list[tuple] = []  # in the order of columns of the table ``finding``
        self.count = self.bytes = 0

    def clear(self) -> None:
        """Forget all of it, because it is staged."""
        for kept in (self.tables, self.resources, self.refused, self.findings):
            kept.clear()
        self.count = self.bytes = 0

    def add(self, table: str, row: tuple, report: Report, resource: Resource) -> None:
        """Keep a row together with the resource it came from."""
        self.tables[table].append(row)
        self.resources[table].append((report, resource))
        self.count += 1

    def refuse(
        self, delivery_id: str, table: str, number: int, reason: str, content: Any, person_id: str | None = None
    ) -> None:
        """Send something that is not a row of any table to quarantine."""
        self.refused.append((delivery_id, person_id, table, number, reason, content))
        self.count += 1


def read_document(document: Any, delivery_id: str, first: int, pseudonyms: Pseudonyms, into: Rows) -> list[Report]:
    """Read a delivery report, or a Bundle of them, into rows; gives the reports, numbered from ``first``.

    Raises ValueError if the document is not a FHIR Bundle at all.
    """
    if not isinstance(document, dict) or document.get("resourceType") != "Bundle":
        raise ValueError("it is not a FHIR Bundle")
    reports = []
    for number, bundle in enumerate(_delivery_reports(document), first):
        try:
            report = Report(bundle, delivery_id, number, pseudonyms)
            report.read(into)
        except SHAPELESS:
            into.refuse(delivery_id, "Bundle", number, NO_SHAPE, bundle)
            continue
        reports.append(report)
    return reports


def _delivery_reports(bundle: Resource, depth: int = 0) -> Iterable[Resource]:
    entries = bundle.get("entry") if isinstance(bundle.get("entry"), list) else ()
    others = [entry for entry in entries if _resource(entry).get("resourceType") != "Bundle"]
    if len(others) == len(entries) or depth == DEEPEST:
        yield bundle
        return
    for entry in entries:
        if (inner := _resource(entry)).get("resourceType") == "Bundle":
            yield from _delivery_reports(inner, depth + 1)
    if others:  # what stands beside delivery reports is in none of them
        yield bundle | {"entry": others}


def _resource(entry: Any) -> Resource:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    return resource if isinstance(resource, dict) else {}


class Report:
    """One delivery report while it is read."""

    def __init__(self, bundle: Resource, delivery_id: str, number: int, pseudonyms: Pseudonyms) -> None:
        self.bundle, self.delivery_id, self.number = bundle, delivery_id, number
        self.resources = [entry["resource"] for entry in bundle.get("entry", ())]
        self.by_id = {resource.get("id"): resource for resource in self.resources}
        self.by_name = {f"{resource['resourceType']}/{resource.get('id')}": resource for resource in self.resources}
        self.law = kl_codes.law_of_profile(fhir.profile(bundle))
        self.faults: list[str] = []
        self.reported_at = self.moment(bundle.get("timestamp"), "reported_at")
        self.latest = last_day(delivery_id) + CLOCKS_DIFFER
        if self.reported_at and self.reported_at.date() > self.latest:
            self.reported_at = None  # else it would stay later than every correction
            self.faults.append("reported_at in the future")
        self.person_id = self.custodian = None
        self.read_citizen(pseudonyms)
        self.municipality = kl_codes.municipalities().get(self.custodian)
        self.report_faults = self.faults
        self.names = {} if self.law else dict(filter(None, map(self._old_style_name, self.resources)))
        self.ahead, self.loose = [], False

    def read_citizen(self, pseudonyms: Pseudonyms) -> None:
        """Whom the report is about and who keeps the record; a fault if it does not tell."""
        citizens = [resource for resource in self.resources if resource["resourceType"] == "Patient"]
        if len(citizens) != 1:
            self.faults.append("no citizen" if not citizens else "more than one citizen")
            return
        cpr = fhir.identifier(citizens[0], fhir.CPR)
        self.person_id = pseudonyms.of(cpr) if cpr else None
        if self.person_id is None:
            self.faults.append("impossible CPR number")
        self.custodian = citizens[0].get("managingOrganization", {}).get("identifier", {}).get("value")

    def _old_style_name(self, resource: Resource) -> tuple[str, str] | None:
        """Id of a condition and what we call it in old-style care reporting, where the citizen and the code name it."""
        if resource["resourceType"] != "Condition" or self.person_id is None:
            return None
        code = kl_codes.coding(resource, fhir.FSIII[1])
        named = f"{self.person_id} {kl_codes.uuids('fsiii_condition').get(code, code)}"
        return (resource.get("id"), sha256(named.encode()).hexdigest()[:32]) if code else None

    def read(self, into: Rows) -> None:
        """Add the report's rows, and findings that need more than the row."""
        rows, findings = [], []
        for resource in self.to_read():
            kind = resource["resourceType"]
            if kind in CARRIED:
                if kind == "Patient" and resource.get("deceasedBoolean") and self.law is None:
                    findings.append(self._finding(kind, resource, DECEASED))
                continue
            try:
                table, row = self.row(resource)
            except SHAPELESS:
                table, row = NO_SHAPE, None
            rows.append((kind, table, row, resource))
            if row and self.loose and not row[VOIDED]:
                findings.append(self._finding(table, resource, UNRESOLVED))
        into.findings += findings
        for kind, table, row, resource in rows:
            if row is None:
                name = kind if isinstance(kind, str) and _KIND.fullmatch(kind) else "Resource"
                into.refuse(self.delivery_id, name, self.number, table, self.cut_to(resource), self.person_id)
            else:
                into.add(table, row, self, resource)

    def row(self, resource: Resource) -> tuple[str, tuple | None]:
        """A resource's table and row; why it belongs to no table, and no row."""
        self.faults, self.ahead, self.loose = list(self.report_faults), [], False
        table = table_of(resource["resourceType"], fhir.profile(resource), resource)
        if table not in READERS:
            return table, None
        law, voided, own = READERS[table](self, resource)
        self.link(resource.get("subject"))
        self.faults += [] if voided else self.ahead
        return table, (
            self.person_id,
            self.custodian,
            self.municipality,
            law,
            self.reported_at,
            voided,
            self.delivery_id,
            *own,
            self.number,
            "|".join(dict.fromkeys(self.faults)) or None,
        )

    def to_read(self) -> list[Resource]:
        """The resources that become rows."""
        return self.resources

    def cut_to(self, resource: Resource) -> Resource:
        """The report with one of its resources and what that refers to, without the citizen: enough to read again."""
        try:
            named = {text.partition("/_history/")[0].rpartition("/")[2] for text in fhir.references(resource)}
        except RecursionError:
            named = set()
        named |= {self.follow_ups.get(resource.get("id"))} - {None}
        others = [r for r in self.resources if r.get("id") in named and r["resourceType"] != "Patient"]
        return {
            "resourceType": "Bundle",
            **{name: self.bundle[name] for name in ("meta", "timestamp") if name in self.bundle},
            "custodian": self.custodian,
            "entry": [{"resource": each} for each in (resource, *(r for r in others if r is not resource))],
        }

    def _finding(self, table: str, resource: Resource, rule: Rule) -> tuple:
        id_ = self.names.get(resource.get("id"), resource.get("id"))
        custodian, id_ = (text if isinstance(text, str) else "" for text in (self.custodian, id_))
        return self.delivery_id, custodian, table, id_, rule.name, rule.severity, self.reported_at, self.number

    def known(self, value: str | None, codes: dict[str, Any], column: str) -> Any:
        """A code's word in our tables; a fault if the code is not in the list."""
        if value is None:
            return None
        if value not in codes:
            self.faults.append(f"unknown {column}")
        return codes.get(value)

    def moment(self, text: str | None, column: str) -> datetime | None:
        """A moment in Danish time; a fault if the text is not one."""
        return self._read_time(fhir.moment, text, column)

    def day(self, text: str | None, column: str) -> date | None:
        """A day; a fault if the text is not one."""
        return self._read_time(fhir.day, text, column)

    def _read_time(self, read: Callable, text: str | None, column: str) -> Any:
        try:
            return read(text) if text is not None else None
        except (ValueError, TypeError, OverflowError):
            self.faults.append(f"unreadable {column}")
            return None

    def happened(self, when: date | datetime | None, column: str) -> date | datetime | None:
        """A day or moment of what has happened; a fault if it is still to come, unless the resource is withdrawn."""
        if when and (when.date() if isinstance(when, datetime) else when) > self.latest:
            self.ahead.append(f"{column} in the future")
        return when

    def link(self, reference: Resource | None) -> str | None:
        """The id a reference points to; noted if the report does not hold that resource."""
        id_ = fhir.referred(reference)
        self.loose |= id_ is not None and id_ not in self.by_id
        return self.names.get(id_, id_)

    def organization(self, reference: Resource | None) -> str | None:
        """Identifier (SOR, else FK-org) of the organization a reference points to."""
        self.link(reference)
        return fhir.identifier(self.find(reference))

    def find(self, reference: Resource | None) -> Resource | None:
        """The resource of the report that a reference points to; by its id alone if the type it names is off."""
        text = reference.get("reference") if reference else None
        if text is None:
            return None
        text = text.partition("/_history/")[0]
        return self.by_name.get("/".join(text.rsplit("/", 2)[-2:])) or self.by_id.get(fhir.referred(reference))

    @cached_property
    def follow_ups(self) -> dict[str | None, str | None]:
        """Id of a meeting → id of what names it as its follow-up, which only old-style care reports tell of."""
        found: dict = {}
        for resource in () if self.law else self.resources:
            with suppress(*SHAPELESS):
                if named := fhir.extension(resource, "follow-up-encounter-extension"):
                    found.setdefault(fhir.referred(named.get("valueReference")), resource.get("id"))
        return found

    def law_of(self, *ids: str | None) -> str | None:
        """Law of a care resource: that of the first coded resource it refers to, else of the report's first one."""
        if self.law:
            return self.law
        known = self.by_id | {name: self.by_id[id_] for id_, name in self.names.items()} if self.names else self.by_id
        candidates = itertools.chain(map(known.get, ids), self.resources)
        return next(filter(None, map(kl_codes.law_of_code, candidates)), None)
