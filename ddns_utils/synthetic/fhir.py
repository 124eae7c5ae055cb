"""Municipal resources and delivery reports in the wire format of the KL Gateway: minified FHIR R4 JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import orjson

from ddns_utils import codelists
from ddns_utils.synthetic.draw import uuids

FSIII = "urn:oid:1.2.208.176.2.21"
SKS = "urn:oid:1.2.208.176.2.4.12"
KL = "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes"
SOR = "urn:oid:1.2.208.176.1.1"
CPR = "urn:oid:1.2.208.176.1.2"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
HL7 = "http://terminology.hl7.org/CodeSystem/"
STATUS_REASON = "http://hl7.org/fhir/StructureDefinition/request-statusReason"
TRAINING, PREVENTION_SERVICE = "7fc66c15-0cb3-4c89-9e18-f3a01e6a6592", "a71921ea-fe83-441d-933b-cc21d0b3c8c3"
GOAL_CATEGORY, GOAL_DESCRIPTION = "ca552020-6ed1-4cdc-b0d4-32697f1f27ad", "e182c5dc-9f91-474a-92e8-f62be3d498f4"
GOAL_MEASURE, FOLLOW_UP = "66959f77-6e2a-4574-8423-3ff097f8b9fa", "712744002"
EPOCH = date(1970, 1, 1)


class Ids:
    """An endless supply of UUIDs from one stream of random numbers."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._left: list[str] = []

    def __call__(self) -> str:
        """The next one."""
        if not self._left:
            self._left = uuids(self._rng, 20_000)
        return self._left.pop()


@dataclass
class Report:
    """What one citizen's record-keeper reports for one day: resources by id, in the order they were added."""

    guide: Guide
    day: int
    person: int
    municipality: int
    entries: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Guide:
    """One implementation guide: where its profiles live and what their names begin with."""

    base: str
    name: str

    def profile(self, kind: str) -> str:
        """Canonical address of a profile."""
        return f"{self.base}/StructureDefinition/klgateway-{self.name}-{kind}"

    def extension(self, name: str) -> str:
        """Canonical address of an extension."""
        return f"{self.base}/StructureDefinition/{name}"

    def resource(self, type_: str, id_: str, kind: str, **content: object) -> bytes:
        """An entry with a resource; elements that are None are left out."""
        found = {"resourceType": type_, "id": id_, "meta": {"profile": [self.profile(kind)]}}
        found |= {name.rstrip("_"): value for name, value in content.items() if value is not None}
        return orjson.dumps({"fullUrl": f"https://test.fhir.dk/{type_}/{id_}", "resource": found})

    def patient(self, id_: str, cpr: str, sor: str, deceased: bool = False) -> bytes:
        """The citizen."""
        keeper = {"identifier": {"use": "official", "system": SOR, "value": sor}}
        identifier = [{"use": "official", "system": CPR, "value": cpr}]
        return self.resource(
            "Patient", id_, "citizen", identifier=identifier, deceasedBoolean=deceased, managingOrganization=keeper
        )

    def organization(self, id_: str, sor: str) -> bytes:
        """A referring or performing unit."""
        identifier = [{"use": "official", "system": SOR, "value": sor}]
        return self.resource("Organization", id_, "organization", identifier=identifier)

    def focus_condition(self, id_: str, patient: str, code: str, display: str, system: str = SKS) -> bytes:
        """A diagnosis that a referral came with."""
        return self.resource(
            "Condition", id_, "focus-condition", clinicalStatus=concept(HL7 + "condition-clinical", "active"),
            code=concept(system, code, display), subject=reference("Patient", patient),
        )  # fmt: skip

    def condition(
        self, id_: str, patient: str, code: str, recorded: int, *, active: bool = True, focus: bool = True,
        severity: str | None = None, error: bool = False,
    ) -> bytes:  # fmt: skip
        """An FSIII condition; ``severity`` for home care only."""
        clinical = None if error and self.name == "care" else concept(
            HL7 + "condition-clinical", "active" if active else "inactive"
        )  # fmt: skip
        return self.resource(
            "Condition", id_, "condition", clinicalStatus=clinical,
            verificationStatus=concept(HL7 + "condition-ver-status", "entered-in-error") if error else None,
            category=[concept(HL7 + "condition-category", "problem-list-item")] if focus else None,
            severity=None if severity is None else concept(FSIII, severity),
            code=concept(FSIII, code), subject=reference("Patient", patient), recordedDate=iso(recorded),
        )  # fmt: skip

    def care_plan(
        self, id_: str, patient: str, category: str, status: str, activity: str, start: int, end: int | None,
        performer: str, referral: str | None, reason: str | None = None,
    ) -> bytes:  # fmt: skip
        """A municipal course under §119 or §140."""
        based = self._based_on_referral(referral) if self.name == "140" else None
        detail = {"status": activity}
        if reason:
            detail["statusReason"] = concept(KL, reason)
        detail["performer"] = [reference("Organization", performer)]
        return self.resource(
            "CarePlan", id_, "care-plan", extension=based, status=status, intent="plan",
            category=[concept(KL, category)], subject=reference("Patient", patient), period=period(start, end),
            activity=[{"detail": detail}],
        )  # fmt: skip

    def intervention(
        self, id_: str, patient: str, code: str, status: str, activity: str, start: int, end: int | None = None, *,
        plan: str | None = None, referral: str | None = None, performer: str | None = None,
        delivery: str | None = None, conditions: Iterable[str] = (),
    ) -> bytes:  # fmt: skip
        """A granted intervention."""
        detail: dict = {}
        if delivery:
            detail["extension"] = [
                {"url": self.extension("DeliveryType"), "valueCodeableConcept": concept(KL, delivery)}
            ]
        detail["code"] = concept(FSIII, code)
        if reasons := [reference("Condition", condition) for condition in conditions]:
            detail["reasonReference"] = reasons
        detail["status"] = activity
        if performer:
            detail["performer"] = [reference("Organization", performer)]
        return self.resource(
            "CarePlan", id_, "planned-intervention", extension=self._based_on_referral(referral),
            basedOn=[reference("CarePlan", plan)] if plan else None, status=status, intent="plan",
            subject=reference("Patient", patient), period=period(start, end), activity=[{"detail": detail}],
        )  # fmt: skip

    def encounter(
        self, id_: str, patient: str, status: str, form: str, start: float, minutes: int | None, *,
        plan: str | None = None, kind: str | None = None, conditions: Iterable[str] = (),
        interventions: Iterable[str] = (),
    ) -> bytes:  # fmt: skip
        """A meeting; ``plan`` in §119 and §140, ``kind`` and ``interventions`` in care."""
        extension = [
            {"url": self.extension("BasedOnInterventionExtension"), "valueReference": reference("CarePlan", one)}
            for one in interventions
        ]
        if plan:
            extension = [
                {"url": self.extension("BasedOnCarePlanExtension"), "valueReference": reference("CarePlan", plan)}
            ]
        times = {"start": instant(start)}
        if minutes is not None:
            times["end"] = instant(start + minutes / 1440)
        return self.resource(
            "Encounter", id_, "general-encounter" if self.name == "care" else "encounter",
            extension=extension or None, status=status,
            class_={"system": ACT if len(form) < 5 else KL, "code": form},
            type=[concept(KL, kind)] if kind else None, subject=reference("Patient", patient), period=times,
            reasonReference=[reference("Condition", one) for one in conditions] or None,
        )  # fmt: skip

    def service_request(
        self, id_: str, patient: str, status: str, received: int, requester: str | None, diagnoses: Iterable[str], *,
        categories: Iterable[str] = (), discharged: int | None = None, offered: int | None = None,
        reason: str | None = None, replaces: str | None = None,
    ) -> bytes:  # fmt: skip
        """A rehabilitation plan (§140) or a referral (§119) as the municipality received it."""
        extension = []
        if reason:
            extension.append({"url": STATUS_REASON, "valueCodeableConcept": concept(KL, reason)})
        if discharged is not None:
            extension.append({"url": self.extension("PreconditionDate"), "valueDate": iso(discharged)})
        return self.resource(
            "ServiceRequest", id_, "servicerequest", extension=extension or None,
            replaces=[reference("ServiceRequest", replaces)] if replaces else None, status=status, intent="plan",
            category=[concept(KL, code) for code in categories] or None,
            code=concept(KL, TRAINING if self.name == "140" else PREVENTION_SERVICE),
            subject=reference("Patient", patient),
            occurrencePeriod=None if offered is None else {"start": iso(offered)}, authoredOn=iso(received),
            requester=reference("Organization", requester) if requester else None,
            reasonReference=[reference("Condition", one) for one in diagnoses] or None,
        )  # fmt: skip

    def goal(self, id_: str, patient: str, condition: str, severity: str, start: int, status: str = "active") -> bytes:
        """The expected severity of a home care condition."""
        target = {"measure": concept(KL, GOAL_MEASURE), "detailCodeableConcept": concept(FSIII, severity)}
        return self.resource(
            "Goal", id_, "goal", lifecycleStatus=status, category=[concept(KL, GOAL_CATEGORY)],
            description=concept(FSIII, GOAL_DESCRIPTION), subject=reference("Patient", patient), startDate=iso(start),
            target=[target], addresses=[reference("Condition", condition)],
        )  # fmt: skip

    def follow_up(self, id_: str, patient: str, condition: str, result: str, when: float, error: bool = False) -> bytes:
        """The result of a follow-up on a condition."""
        return self.resource(
            "Observation", id_, "follow-up-observation", status="entered-in-error" if error else "final",
            code=concept("http://snomed.info/sct", FOLLOW_UP), subject=reference("Patient", patient),
            focus=[reference("Condition", condition)], effectiveDateTime=instant(when),
            valueCodeableConcept=concept(FSIII, result),
        )  # fmt: skip

    def bundle(self, id_: str, timestamp: float, entries: Iterable[bytes]) -> bytes:
        """A delivery report, as one line without its end."""
        head = {
            "resourceType": "Bundle", "id": id_, "meta": {"profile": [self.profile("delivery-report")]},
            "type": "collection", "timestamp": instant(timestamp),
        }  # fmt: skip
        return orjson.dumps(head)[:-1] + b',"entry":[' + b",".join(entries) + b"]}"

    def _based_on_referral(self, referral: str | None) -> list | None:
        if not referral:
            return None
        link = {"valueReference": reference("ServiceRequest", referral)}
        return [{"url": self.extension("BasedOnServiceRequestExtension")} | link]


REHABILITATION = Guide("http://fhir.kl.dk/rehab", "140")
PREVENTION = Guide("http://fhir.kl.dk/prevention", "119")
CARE = Guide("http://fhir.kl.dk/gateway", "care")


def concept(system: str, code: str, display: str | None = None) -> dict:
    """A CodeableConcept with one coding."""
    coding = {"system": system, "code": code}
    return {"coding": [coding | {"display": display} if display else coding]}


def reference(type_: str, id_: str) -> dict:
    """A reference inside the report."""
    return {"reference": f"{type_}/{id_}"}


def period(start: int, end: int | None) -> dict:
    """A period of days."""
    return {"start": iso(start)} if end is None else {"start": iso(start), "end": iso(end)}


def iso(day: float) -> str:
    """A day as YYYY-MM-DD."""
    return (EPOCH + timedelta(days=int(day))).isoformat()


def instant(moment: float) -> str:
    """A moment in days since 1970 as an instant in UTC."""
    minute = round((moment % 1) * 1440) % 1440
    return f"{iso(moment)}T{minute // 60:02d}:{minute % 60:02d}:00Z"


def code(name: str, short: str) -> str:
    """The code of a list by its short name."""
    return codelists.codes(name, short=short)[0]
