"""CHA2DS2-VASc: the risk of stroke in atrial fibrillation, from diagnoses, medicine, age and sex."""

from __future__ import annotations

import ibis

from ddns_utils.kept import keep
from ddns_utils.phenotypes.burden import episodes
from ddns_utils.phenotypes.declare import Disease, FindEvents
from ddns_utils.phenotypes.diabetes import TYPE_1, TYPE_2
from ddns_utils.phenotypes.diseases import HEART_FAILURE, HYPERTENSION, diagnosis_codes, hospital_diagnoses
from ddns_utils.snapshot import Snapshot

STROKE, VASCULAR = "apopleksi (iskaemisk)", ("myokardieinfarkt", "perifer arteriesygdom")
OLD, OLDEST = 65, 75


def with_stroke_risk(rows: ibis.Table, snapshot: Snapshot) -> ibis.Table:
    """The rows with ``stroke_risk``, their person's CHA2DS2-VASc (0–9) on the row's day ``on``.

    Heart failure, hypertension, diabetes, vascular disease and female sex count 1; stroke 2; age 65–74 counts 1 and 75
    or more 2. What is first recorded on the day itself counts. Transient attacks and embolisms have no code list.
    Source: as in DanRegProject/SASonDS, with our own rules for hypertension, heart failure and diabetes.
    """
    parts: list[tuple[int, FindEvents]] = [
        (1, _since(HEART_FAILURE)),
        (1, _since(HYPERTENSION)),
        (1, _since(TYPE_1, TYPE_2)),
        (2, hospital_diagnoses(*diagnosis_codes(STROKE))),
        (1, hospital_diagnoses(*(code for group in VASCULAR for code in diagnosis_codes(group)))),
    ]
    columns = list(rows.columns)
    person = snapshot.table("person").select("person_id", "sex", "birth_date")
    rows = rows.inner_join(person, "person_id")
    had_birthday = rows.on.month() * 100 + rows.on.day() >= rows.birth_date.month() * 100 + rows.birth_date.day()
    age = rows.on.year() - rows.birth_date.year() - ibis.ifelse(had_birthday, 0, 1)
    score = (rows.sex == "F").cast("int64") + (age >= OLD).cast("int64") + (age >= OLDEST).cast("int64")
    rows = rows.mutate(stroke_risk=score)
    for place, (points, find) in enumerate(parts):
        first = keep(snapshot, f"stroke_risk_{place}", _first(find))
        rows = rows.left_join(first, "person_id", rname="{name}_first")
        has = (rows["first"] <= rows.on).fill_null(False)
        rows = rows.mutate(stroke_risk=rows.stroke_risk + points * has.cast("int64")).select(*columns, "stroke_risk")
    return rows


def _first(find: FindEvents) -> FindEvents:
    return lambda snapshot: find(snapshot).group_by("person_id").aggregate(first=ibis._.day.min())


def _since(*diseases: Disease) -> FindEvents:
    return lambda snapshot: episodes(snapshot, diseases).select("person_id", day="since")
