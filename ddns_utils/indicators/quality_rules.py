"""The rules of the delivery reports' profiles as indicators: the share of resources that keep each rule."""

from __future__ import annotations

import ibis

from ddns_utils.indicators import quality_rows as q
from ddns_utils.indicators.declare import FindRows, LookAtRows, Proportion, Source
from ddns_utils.indicators.quality_words import SENT_BY
from ddns_utils.indicators.rows import within
from ddns_utils.intake.invariants import RULES, Rule
from ddns_utils.language import Text
from ddns_utils.model import TABLES
from ddns_utils.period import Period
from ddns_utils.snapshot import Snapshot


def resources(table: str) -> FindRows:
    """Finds the municipal resources of a table whose latest report was put together in the period."""

    def find(snapshot: Snapshot, period: Period) -> ibis.Table:
        rows = snapshot.table(table)
        rows = rows.mutate(on=rows.reported_at.date())
        rows = rows.filter(within(rows.on, period))
        return rows.select("municipality", "on", "custodian", "reported_at", resource_id=f"{table}_id")

    return find


def keeps(rule: Rule) -> LookAtRows:
    """Flags resources whose latest report does not break the rule; one that was put right since keeps it."""

    def flag(rows: ibis.Table, snapshot: Snapshot, period: Period) -> ibis.Table:
        found = snapshot.table("finding")
        found = found.filter(found.rule == rule.name)
        breaches = found.select("custodian", "resource_id", "reported_at", broken=ibis.literal(True)).distinct()
        both = rows.left_join(breaches, ["custodian", "resource_id", "reported_at"], rname="{name}_found")
        return both.select(*rows.columns, counts=both.broken.isnull())

    return flag


def _title(rule: Rule) -> Text:
    """The rule in words, with its law where two guides have the same one."""
    twins = sum(other.says == rule.says for other in RULES)
    law = next((f" (§{law})" for law in ("119", "140") if f"-{law}-" in rule.name), "") if twins > 1 else ""
    return Text(da=f"{rule.says.da}{law}", en=f"{rule.says.en}{law}")


def _indicator(rule: Rule) -> Proportion:
    one = TABLES[rule.table].one_row_is
    return Proportion(
        id=f"quality_rule_{rule.name.replace('-', '_')}",
        title=_title(rule),
        one_row_is=Text(da=f"{one.da}, senest indberettet i perioden", en=f"{one.en}, last reported in the period"),
        counted=Text(da="Ressourcer, der ikke bryder reglen", en="Resources that do not break the rule"),
        remedy=Text(
            da="Ret ressourcerne, så reglen holder, og send dem igen.",
            en="Mend the resources so that the rule holds, and send them again.",
        ),
        denominator=resources(rule.table),
        numerator=keeps(rule),
        needs=(rule.table,),
        category="conformance",
        direction="higher is better",
        source=Source(title=rule.source, retrieved="2026-11", confidence="high"),
        caveats=(SENT_BY,),
        lacking=q.silent_municipalities,
    )


RULES_KEPT = tuple(_indicator(rule) for rule in RULES if rule.broken and rule.severity == "finding")
