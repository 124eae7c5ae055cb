"""Small readings of FHIR JSON that the profiles share. Plain access to dicts: reports come by the million."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

DENMARK = ZoneInfo("Europe/Copenhagen")

CPR = "urn:oid:1.2.208.176.1.2"
FSIII = ("urn:oid:1.2.208.176.2.21", "http://kl.dk/fhir/common/caresocial/CodeSystem/FSIII")
SKS = "urn:oid:1.2.208.176.2.4.12"
ICPC2 = "urn:oid:1.2.208.176.2.31"

Resource = dict[str, Any]


def profile(resource: Resource) -> str:
    """The last part of the profile a resource claims, such as klgateway-140-care-plan; empty if none.

    Of several it is the first of the KL Gateway, else the first.
    """
    claimed = resource.get("meta", {}).get("profile")
    if not claimed:
        return ""
    names = [each.rpartition("/")[2].partition("|")[0] for each in claimed]
    return next((name for name in names if name.startswith("klgateway-")), names[0])


def referred(reference: Resource | None) -> str | None:
    """The id that a reference points to, whatever type name, address or version it is given with."""
    text = reference.get("reference") if reference else None
    return text.partition("/_history/")[0].rpartition("/")[2].rpartition(":")[2] if text else None


def references(value: Any) -> Iterator[str]:
    """Every reference in a resource, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def without_citizen(value: Any) -> Any:
    """A resource, or anything in one, without names and other words about the citizen.

    Left out are a Patient's own details, what a reference calls the one it points to, and narratives.
    """
    if isinstance(value, list):
        return [without_citizen(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("resourceType") == "Patient":
        return {name: value[name] for name in ("resourceType", "id", "managingOrganization") if name in value}
    named, narrated = "reference" in value, isinstance(value.get("text"), dict)
    return {
        name: without_citizen(each)
        for name, each in value.items()
        if not ((named and name == "display") or (narrated and name == "text"))
    }


def extension(resource: Resource, name: str) -> Resource | None:
    """The first extension whose address ends in ``name``."""
    return next((e for e in resource.get("extension", ()) if e["url"].endswith(name)), None)


def code(concept: Resource | None) -> str | None:
    """The first code of a CodeableConcept."""
    coding = concept.get("coding") if concept else None
    return coding[0].get("code") if coding else None


def identifier(resource: Resource | None, system: str | None = None) -> str | None:
    """The first identifier of a resource, of one system if that is given."""
    found = resource.get("identifier", ()) if resource else ()
    return next((i.get("value") for i in found if system in (None, i.get("system"))), None)


@lru_cache(maxsize=1 << 16)
def moment(text: str) -> datetime:
    """Danish clock time of a date, a date-time or an instant; ValueError for anything else.

    A plain date is its first moment. A time without an offset is taken as Danish.
    """
    read = datetime.fromisoformat(text)
    return read if read.tzinfo is None else read.astimezone(DENMARK).replace(tzinfo=None)


@lru_cache(maxsize=1 << 14)
def day(text: str) -> date:
    """Danish calendar day of a date, a date-time or an instant; ValueError for anything else."""
    return moment(text).date()
