"""Each kind of municipal resource as a row: law, whether it is withdrawn, and the columns of its own table in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ddns_utils.intake import fhir, kl_codes
from ddns_utils.intake.fhir import Resource

if TYPE_CHECKING:
    from ddns_utils.intake.kl_gateway import Report

VOID = "entered-in-error"
FOLLOW_UP = "712744002"  # SNOMED CT


def _referral(report: Report, r: Resource) -> tuple:
    categories = [
        report.known(fhir.code(c), kl_codes.words("rehabilitation_plan_kind"), "kind") for c in r.get("category", ())
    ]
    levels = [c for c in categories if c in ("basic", "advanced")]
    kinds = [c for c in categories if c and c not in levels]
    discharge, reason = fhir.extension(r, "PreconditionDate"), fhir.extension(r, "request-statusReason")
    diagnoses = (kl_codes.coding(report.find(each), fhir.SKS) for each in r.get("reasonReference", ()))
    return report.law, r.get("status") == VOID, (
        r.get("id"),
        kinds[0] if kinds else None,
        levels[0] if levels else None,
        r.get("status"),
        report.known(
            fhir.code(reason.get("valueCodeableConcept")) if reason else None,
            kl_codes.words("referral_status_reason"),
            "status_reason",
        ),
        report.happened(report.day(r.get("authoredOn"), "received_on"), "received_on"),
        report.day(discharge.get("valueDate") if discharge else None, "discharged_on"),
        report.day(r.get("occurrencePeriod", {}).get("start"), "first_offer_on"),
        next(filter(None, diagnoses), None),
        report.organization(r.get("requester")),
        fhir.referred((r.get("replaces") or (None,))[0]),
    )  # fmt: skip


def _care_plan(report: Report, r: Resource) -> tuple:
    detail, period = r["activity"][0]["detail"] if r.get("activity") else {}, r.get("period", {})
    based_on = fhir.extension(r, "BasedOnServiceRequestExtension")
    category, reasons = fhir.code((r.get("category") or (None,))[0]), kl_codes.words("cancellation_reason")
    return report.law or kl_codes.law_of_category(category), r.get("status") == VOID, (
        r.get("id"),
        report.known(category, kl_codes.words("care_plan_category"), "category"),
        r.get("status"),
        detail.get("status"),
        report.known(fhir.code(detail.get("statusReason")), reasons, "cancellation_reason"),
        report.moment(period.get("start"), "start"),
        report.moment(period.get("end"), "end"),
        report.link(based_on.get("valueReference")) if based_on else None,
        report.organization((detail.get("performer") or (None,))[0]),
    )  # fmt: skip


def _intervention(report: Report, r: Resource) -> tuple:
    detail, period = r["activity"][0]["detail"] if r.get("activity") else {}, r.get("period", {})
    based_on = fhir.extension(r, "BasedOnServiceRequestExtension")
    code, local = kl_codes.coding(detail, *fhir.FSIII), kl_codes.coding(detail, "LocallyDefinedInterventions")
    if code is None and local is None:
        report.faults.append("missing code")
    forms = [
        report.known(fhir.code(e.get("valueCodeableConcept")), kl_codes.words("delivery_type"), "delivery_types")
        for e in detail.get("extension", ())
        if e["url"].endswith("DeliveryType")
    ]
    return report.law or kl_codes.law_of_code(r) or report.law_of(), r.get("status") == VOID, (
        r.get("id"),
        report.known(code, kl_codes.uuids("fsiii_intervention"), "code"),
        local,
        r.get("status"),
        detail.get("status"),
        "|".join(filter(None, forms)) or None,
        report.moment(period.get("start"), "start"),
        report.moment(period.get("end"), "end"),
        report.link((r.get("basedOn") or (None,))[0]),
        report.link(based_on.get("valueReference")) if based_on else None,
        report.organization((detail.get("performer") or (None,))[0]),
    )  # fmt: skip


def _encounter(report: Report, r: Resource) -> tuple:
    based_on = [
        report.link(e.get("valueReference"))
        for e in r.get("extension", ())
        if e["url"].endswith(("BasedOnCarePlanExtension", "BasedOnInterventionExtension"))
    ]
    reasons = [report.link(each) for each in r.get("reasonReference", ())]
    period, form = r.get("period", {}), r.get("class", {}).get("code")
    start = report.moment(period.get("start"), "start")
    if r.get("status") == "finished":
        report.happened(start, "start")
    words = kl_codes.words("encounter_type")
    kinds = [report.known(fhir.code(each), words, "encounter_type") for each in r.get("type") or ()]
    law = report.law_of(*based_on, *reasons, report.follow_ups.get(r.get("id")))
    return law, r.get("status") == VOID, (
        r.get("id"),
        r.get("status"),
        kl_codes.words("encounter_class").get(form, form),
        "|".join(filter(None, kinds)) or None,
        start,
        report.moment(period.get("end"), "end"),
        "|".join(filter(None, based_on)) or None,
        None,  # first received on: settled later
    )  # fmt: skip


def _condition(report: Report, r: Resource) -> tuple:
    role = _role(r)
    code, system = kl_codes.coding(r, *fhir.FSIII), "FSIII"
    if code is not None:
        code = report.known(code, kl_codes.uuids("fsiii_condition"), "code")
    elif (code := kl_codes.coding(r, fhir.SKS)) is not None:
        system = "SKS"
    elif (code := kl_codes.coding(r, fhir.ICPC2)) is not None:
        system = "ICPC-2"
    else:
        system = None
    if role == "condition" and system is None:
        report.faults.append("missing code")
    verification = fhir.code(r.get("verificationStatus"))
    return report.law or kl_codes.law_of_code(r) or report.law_of(), verification == VOID, (
        report.names.get(r.get("id"), r.get("id")),
        role,
        code,
        system,
        report.known(fhir.code(r.get("severity")), kl_codes.severities(), "severity"),
        fhir.code(r.get("clinicalStatus")),
        verification,
        any(fhir.code(category) == "problem-list-item" for category in r.get("category", ())),
        report.happened(report.day(r.get("recordedDate"), "recorded_on"), "recorded_on"),
    )  # fmt: skip


def _goal(report: Report, r: Resource) -> tuple:
    addressed = report.link((r.get("addresses") or (None,))[0])
    target = (r.get("target") or ({},))[0]
    status = r.get("lifecycleStatus")
    return report.law_of(addressed), status == VOID, (
        r.get("id"),
        status,
        addressed,
        report.known(fhir.code(target.get("detailCodeableConcept")), kl_codes.severities(), "expected_severity"),
        report.day(r.get("startDate"), "start"),
    )  # fmt: skip


def _follow_up(report: Report, r: Resource) -> tuple:
    focus = [report.link(each) for each in r.get("focus", ())]
    value = fhir.code(r.get("valueCodeableConcept"))
    return report.law_of(*focus), r.get("status") == VOID, (
        r.get("id"),
        r.get("status"),
        "|".join(filter(None, focus)) or None,
        report.known(value, kl_codes.follow_up_results(), "result"),
        report.happened(report.moment(r.get("effectiveDateTime"), "followed_up_at"), "followed_up_at"),
    )  # fmt: skip


def _completed_intervention(report: Report, r: Resource) -> tuple:
    code, local = kl_codes.coding(r, *fhir.FSIII), kl_codes.coding(r, "LocallyDefinedInterventions")
    if code is None and local is None:
        report.faults.append("missing code")
    reasons = [report.link(each) for each in r.get("reasonReference", ())]
    return report.law or kl_codes.law_of_code(r) or report.law_of(*reasons), r.get("status") == VOID, (
        r.get("id"),
        report.known(code, kl_codes.uuids("fsiii_intervention"), "code"),
        local,
        r.get("status"),
        report.happened(report.moment(r.get("performedDateTime"), "performed_at"), "performed_at"),
        "|".join(filter(None, reasons)) or None,
    )  # fmt: skip


def _observation(report: Report, r: Resource) -> tuple:
    code = kl_codes.coding(r, *fhir.FSIII)
    about = kl_codes.either("citizen_view_kind").get(code, "area")
    if code is None:
        report.faults.append("missing code")
    area = report.known(code, kl_codes.uuids("fsiii_condition"), "area") if about == "area" else None
    focus = [report.link(each) for each in r.get("focus", ())]
    return report.law or kl_codes.law_of_code(r) or report.law_of(*focus), r.get("status") == VOID, (
        r.get("id"),
        about,
        area,
        r.get("status"),
        "|".join(filter(None, focus)) or None,
        report.known(fhir.code(r.get("valueCodeableConcept")), kl_codes.either("citizen_view"), "value"),
        fhir.extension(r, "finding-context-at-risk-extension") is not None,
        report.happened(report.moment(r.get("effectiveDateTime"), "observed_at"), "observed_at"),
    )  # fmt: skip


READERS: dict[str, Callable[[Report, Resource], tuple]] = {
    "referral": _referral,
    "care_plan": _care_plan,
    "intervention": _intervention,
    "encounter": _encounter,
    "condition": _condition,
    "goal": _goal,
    "follow_up": _follow_up,
    "completed_intervention": _completed_intervention,
    "observation": _observation,
}

PROFILES = {
    "servicerequest": "referral",
    "care-plan": "care_plan",
    "planned-intervention": "intervention",
    "encounter": "encounter",
    "general-encounter": "encounter",
    "condition": "condition",
    "focus-condition": "condition",
    "goal": "goal",
    "follow-up-observation": "follow_up",
    "completed-intervention": "completed_intervention",
    "citizens-own-observation": "observation",
    "matter-of-interest-observation": "observation",
}
KINDS = {
    "ServiceRequest": "referral",
    "Encounter": "encounter",
    "Condition": "condition",
    "Goal": "goal",
    "Procedure": "completed_intervention",
}


def table_of(kind: str, profile: str, resource: Resource) -> str:
    """The table a resource belongs to, or why it belongs to none."""
    if profile:
        return PROFILES.get(profile.removeprefix("klgateway-").partition("-")[2], "unknown profile")
    if kind == "CarePlan":
        return "care_plan" if resource.get("category") else "intervention"
    if kind == "Observation":
        return "follow_up" if fhir.code(resource.get("code")) == FOLLOW_UP else "observation"
    return KINDS.get(kind, "unknown profile")


def _role(condition: Resource) -> str:
    profile = fhir.profile(condition)
    diagnosis = profile.endswith("focus-condition") if profile else kl_codes.coding(condition, *fhir.FSIII) is None
    return "referral_diagnosis" if diagnosis else "condition"
