"""Codes of municipal reports as words of our tables, from the code lists."""

from __future__ import annotations

from functools import cache

from ddns_utils import codelists
from ddns_utils.intake import fhir
from ddns_utils.intake.fhir import Resource

LAWS = {"home care": "83", "nursing": "138", "prevention §119": "119", "rehabilitation §140": "140"}


def coding(holder: Resource | None, *systems: str) -> str | None:
    """The code of the first coding in ``holder.code`` whose system ends in one of ``systems``."""
    for coding in holder.get("code", {}).get("coding", ()) if holder else ():
        if coding.get("system", "").endswith(systems):
            return coding.get("code")
    return None


def law_of_profile(profile: str) -> str | None:
    """119 or 140 for a profile of those laws; None for care, where the code decides."""
    part = profile.removeprefix("klgateway-").partition("-")[0]
    return part if part in ("119", "140") else None


def law_of_category(category: str | None) -> str | None:
    """Law of a care plan's category."""
    word = words("care_plan_category").get(category)
    return word.rpartition("_")[2] if word else None


def law_of_code(resource: Resource | None) -> str | None:
    """Law of a care condition or intervention, by the part of FSIII that its code is in."""
    if not resource:
        return None
    kind = resource.get("resourceType")
    if kind == "Condition":
        return domain_laws("fsiii_condition").get(coding(resource, *fhir.FSIII))
    if kind == "CarePlan" and resource.get("activity"):
        return domain_laws("fsiii_intervention").get(coding(resource["activity"][0]["detail"], *fhir.FSIII))
    if kind == "Procedure":
        return domain_laws("fsiii_intervention").get(coding(resource, *fhir.FSIII))
    if kind == "Observation":
        return domain_laws("fsiii_condition").get(coding(resource, *fhir.FSIII))
    return None


@cache
def words(name: str) -> dict[str, str]:
    """Code → short word of a code list."""
    return {row["code"]: row["short"] for row in codelists.rows(name)}


@cache
def uuids(name: str) -> dict[str, str]:
    """Code of FSIII in either form → its UUID."""
    return {row["code"]: row["twin"] if row["form"] == "legacy" else row["code"] for row in codelists.rows(name)}


@cache
def domain_laws(name: str) -> dict[str, str | None]:
    """Code of FSIII → the law of the part it stands in; None for parts that no report covers."""
    return {row["code"]: LAWS.get(row["domain"]) for row in codelists.rows(name)}


@cache
def severities() -> dict[str, int]:
    """Code of a severity in either form → its score 0–4, or 9 for not relevant."""
    return {row[form]: int(row["score"]) for row in codelists.rows("severity") for form in ("code", "legacy")}


@cache
def municipalities() -> dict[str | None, str]:
    """SOR code of a record-keeping organisation → municipality, as far as the list knows."""
    return {row["code"]: row["municipality"] for row in codelists.rows("municipal_organization")}


@cache
def either(name: str) -> dict[str, str]:
    """Code of a list in either form → its short word."""
    return {row[form]: row["short"] for row in codelists.rows(name) for form in ("code", "legacy")}


@cache
def follow_up_results() -> dict[str, str]:
    """Code of a follow-up result in either form → E1 to E4."""
    return words("follow_up_result") | {word: word for word in words("follow_up_result").values()}
