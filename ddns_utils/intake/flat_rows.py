"""SQL that reads the rows of a flat register: its fields as columns of our tables, and the rules they may break."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ddns_utils.intake import contract
from ddns_utils.intake.flat_file import quoted
from ddns_utils.intake.flat_registers import REGISTERS, Flat
from ddns_utils.intake.settle import WITH_CONTACT
from ddns_utils.model import SQL_TYPES, TABLES, Column

_FIELD = re.compile(r"\{(\w+)(?::(\w+))?\}")
_FROM_TEXT = {
    "text": "{0}",
    "whole": "read_whole({0})",
    "decimal": "read_decimal({0})",
    "yes_no": "read_yes_no({0})",
    "moment": "read_moment({0})",
    "day": "read_day({0})",
    "cpr": "{0}",
    "lower": "lower({0})",
    "result": "read_result({0})",
    "given": "{0} IS NOT NULL",
}
_SQL_TYPE = SQL_TYPES | {"cpr": "VARCHAR", "lower": "VARCHAR", "result": "DOUBLE"}
OTHER = "other_pseudonym"  # of a second CPR number in a row, beside that of whom the row is about
_WHOLE = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT")
_TIME = ("DATE", "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S")
_EXACT = {"DOUBLE": 2**53, "FLOAT": 2**24}  # whole numbers below have all their digits
_AS_IT_IS = dict.fromkeys(("whole", "decimal", "result"), _WHOLE) | dict.fromkeys(("day", "moment"), _TIME)
_AS_IT_IS["yes_no"] = ("BOOLEAN",)


@dataclass(frozen=True)
class Fields:
    """The fields of a file by upper-case name, with their name and SQL type; and SQL for who a row is about."""

    kinds: dict[str, tuple[str, str]]
    person: str

    def read(self, rows: str) -> str:
        """SQL that reads the rows with trimmed texts."""
        texts = [quoted(name) for name, kind in self.kinds.values() if kind == "VARCHAR"]
        if not texts:
            return rows
        return f"(SELECT * REPLACE ({', '.join(f'trimmed({text}) AS {text}' for text in texts)}) FROM {rows})"

    def sql(self, field: str, wanted: str) -> str:
        """SQL for a field as the wanted type: as it is where the file has that type, else by way of text."""
        if wanted == "pseudonym":
            return self.person
        if wanted == OTHER:
            return f"pseudonym({self.sql(field, 'cpr')})"
        if field not in self.kinds:
            return "false" if wanted == "given" else f"NULL::{_SQL_TYPE[wanted]}"
        name, kind = self.kinds[field]
        value = quoted(name)
        if kind == "TIMESTAMP WITH TIME ZONE":
            value, kind = f"timezone('Europe/Copenhagen', {value})", "TIMESTAMP"
        if wanted in ("decimal", "result") and kind in _EXACT:
            number = f"{value}::VARCHAR::DOUBLE" if kind == "FLOAT" else value  # 48.1 is not 48.09999847
            return f"CASE WHEN isfinite({value}) THEN {number} END"
        if kind in _AS_IT_IS.get(wanted, ()):
            return f"{value}::{_SQL_TYPE[wanted]}"
        if kind == "VARCHAR" or (wanted == "given" and kind not in _EXACT):
            text = value
        elif kind in _EXACT:
            text = (
                f"CASE WHEN isnan({value}) THEN NULL WHEN {value} = trunc({value}) AND isfinite({value}) THEN "
                f"CASE WHEN abs({value}) < {_EXACT[kind]} THEN {value}::BIGINT::VARCHAR "
                f"ELSE format('{{:.16e}}', {value}::DOUBLE) END ELSE {value}::VARCHAR END"
            )
        elif kind.startswith("DECIMAL"):
            text = f"regexp_replace({value}::VARCHAR, '\\.0+$', '')"
        else:
            text = f"{value}::VARCHAR"
        if wanted == "cpr" and kind != "VARCHAR":
            return f"CASE WHEN length({text}) < 10 THEN lpad({text}, 10, '0') ELSE {text} END"
        return _FROM_TEXT[wanted].format(text)


class _KeptFields(Fields):
    """The fields as quarantine kept them: text, with pseudonyms in the place of CPR numbers."""

    def sql(self, field: str, wanted: str) -> str:
        """SQL for a field as the wanted type."""
        return super().sql(field, "text" if wanted == OTHER else wanted)


@dataclass(frozen=True)
class Part:
    """Columns of a table, and further reasons to refuse its rows."""

    columns: Collection[str]
    words: Collection[str]


@dataclass(frozen=True)
class Question:
    """A query over rows of these fields: columns of a table, and then ``broken`` where they break a rule.

    Who a row is about is given as the CPR number in ``person_id``; ``texts`` are columns that may hold one too.
    ``as_given`` are columns that are a field's text, trimmed; ``quick`` is the query without them, for rows where no
    text needs trimming.
    """

    fields: Sequence[str]
    query: str
    texts: Collection[str]
    as_given: Mapping[str, str]
    quick: str


def fields_of(source: str) -> dict[str, None]:
    """The fields that are read of a register, in the order of our columns."""
    flat = REGISTERS[source]
    read = dict.fromkeys([flat.person] if flat.person else [])
    for table in flat.tables:
        whole = _whole(source, table)
        expressions = [_expression(source, flat, name, TABLES[table].columns[name]) for name in whole.columns]
        for expression in [*expressions, *flat.refuse.values()]:
            read |= dict.fromkeys(field for field, _ in _FIELD.findall(expression))
    return read


def questions(
    source: str, delivery_id: str, table: str, kinds: dict[str, tuple[str, str]], rows: str, as_one: bool
) -> list[Question]:
    """What to ask of rows: as one question, or in parts of which no two look at one field. ``rows`` names the rows."""
    parts = [_whole(source, table)] if as_one else _parts(source, table)
    return [_question(source, delivery_id, table, kinds, part, rows) for part in parts]


def refused_query(
    source: str, delivery_id: str, table: str, kinds: dict[str, tuple[str, str]], rows: str, arrival: int, *more: str
) -> str:
    """SQL that stages refused rows with their reasons.

    ``rows`` has the fields and ``file_row_number``, the engine's table ``people`` each number with its pseudonym;
    ``more`` are FAULT and LINE, if the rows have them.
    """
    fields = Fields(kinds, "people.pseudonym")
    read = fields.read(rows)
    if person := REGISTERS[source].person:
        read = f"{read} LEFT JOIN people ON people.number = {fields.sql(person, 'cpr')}"
    fault, line = map(quoted, more) if more else ("NULL::VARCHAR",) * 2
    return _judged(source, delivery_id, table, fields, read, str(arrival), fault, line)


def kept_query(source: str, delivery_id: str, table: str, rows: str, names: Iterable[str]) -> str:
    """SQL that stages rows out of quarantine, with their reasons if they still break a rule.

    ``rows`` is SQL that gives the fields as text, ``pseudonym`` and ``file_row_number``.
    """
    fields = _KeptFields({name: (name, "VARCHAR") for name in names}, "pseudonym")
    nothing = "NULL::VARCHAR"
    return _judged(source, delivery_id, table, fields, fields.read(f"({rows})"), "NULL::BIGINT", nothing, nothing)


def _judged(
    source: str, delivery_id: str, table: str, fields: Fields, rows: str, arrival: str, fault: str, line: str
) -> str:
    model, whole = TABLES[table], _whole(source, table)
    read = _Reading(source, table, fields, whole)
    unreadable = ", ".join(f"CASE WHEN {condition} THEN '{word}' END" for condition, word in read.unreadable)
    shown = {field: kind for field, kind in read.used.items() if field in fields.kinds}
    shown.pop(REGISTERS[source].person, None)
    content = [f'"{field}" := {read.field(field, kind)}' for field, kind in shown.items()]
    later = {name: f"NULL::{SQL_TYPES[c.type]}" for name, c in model.columns.items() if name not in whole.columns}
    later["delivery_id"] = f"'{delivery_id}'"
    filled = [f'{value} AS "{name}"' for name, value in later.items()]
    stored = [contract.safe_column(model, name) for name in model.columns]
    more = ["file_row_number", f"{fault} AS fault", f"{line} AS line"]
    broken = contract.reasons(model, whole.columns, delivery_id)
    return f"""
        SELECT {", ".join(stored)}, {arrival} AS arrival, source_row, reasons,
            CASE WHEN reasons IS NOT NULL THEN coalesce(line, hide_cpr(to_json(given)::VARCHAR)) END AS content
        FROM (SELECT *, {", ".join(filled)}, coalesce(
                fault, nullif(concat_ws('|', {unreadable}), ''), {broken}) AS reasons
            FROM (SELECT {", ".join(read.values)}, file_row_number + 1 AS source_row, fault, line,
                    struct_pack({", ".join(content)}) AS given
                FROM {read.rows(rows, *more)}))"""


def _question(
    source: str, delivery_id: str, table: str, kinds: dict[str, tuple[str, str]], part: Part, rows: str
) -> Question:
    model, person = TABLES[table], REGISTERS[source].person
    fields = Fields(kinds, "")
    fields = replace(fields, person=fields.sql(person, "cpr") if person else "")
    read = _Reading(source, table, fields, part)
    used = {name: kinds[name] for name in read.used if name in kinds}
    rules = [condition for condition, _ in (*read.unreadable, *contract.breaches(model, part.columns, delivery_id))]
    broken = f"({' OR '.join(rules) or 'false'}) IS TRUE AS broken"
    texts = {field: name for field, (name, kind) in used.items() if kind == "VARCHAR"}
    as_given = {name: texts[field] for name, field in read.as_given.items() if field in texts}

    def query(columns: Iterable[str], scan: str) -> str:
        return f"""SELECT {", ".join([*map(quoted, columns), broken])}
            FROM (SELECT {", ".join(read.values)} FROM {read.rows(scan)})"""

    return Question(
        [name for name, _ in used.values()],
        query(part.columns, replace(fields, kinds=used).read(rows)),
        {name for name in part.columns if contract.is_senders_text(model, name)},
        as_given,
        query([name for name in part.columns if name not in as_given], rows),
    )


def _whole(source: str, table: str) -> Part:
    """All that is read of a table; what is looked up, or known of the delivery, is not."""
    later = WITH_CONTACT.get(table, ())
    columns = [
        name for name, column in TABLES[table].columns.items() if column.source != "intake" and name not in later
    ]
    return Part(columns, REGISTERS[source].refuse)


def _parts(source: str, table: str) -> list[Part]:
    """The table in parts, of which no two look at one field or have columns that are compared."""
    flat, model, whole = REGISTERS[source], TABLES[table], _whole(source, table)
    together: list[set[tuple[str, str]]] = []

    def join(names: set[tuple[str, str]]) -> None:
        met = [group for group in together if group & names]
        together[:] = [group for group in together if not group & names] + [names.union(*met)]

    for name in whole.columns:
        read = _FIELD.findall(_expression(source, flat, name, model.columns[name]))
        join({("column", name), *(("field", found) for found, _ in read)})
    for pair in model.forward:
        join({("column", name) for name in pair})
    for word, condition in flat.refuse.items():
        join({("word", word), *(("field", found) for found, _ in _FIELD.findall(condition))})
    return [
        Part(
            [name for name in whole.columns if ("column", name) in group],
            [word for word in whole.words if ("word", word) in group],
        )
        for group in together
    ]


def _expression(source: str, flat: Flat, name: str, column: Column) -> str:
    if name == "person_id":
        return f"{{{flat.person}:pseudonym}}"
    field = column.source.removeprefix(f"{source}.")
    return flat.columns.get(name, f"{{{field}:{column.type}}}")


class _Reading:
    """How part of a table is read from a file.

    ``values`` are columns of SQL, ``unreadable`` conditions on them with the reason they give, ``used`` the fields and
    what quarantine keeps of them: their text, or the pseudonym in the place of a CPR number; ``as_given`` columns that
    are a field's text, with that field. All of them rest on ``rows``, in which each field is read once as each type
    that is asked for.
    """

    def __init__(self, source: str, table: str, fields: Fields, part: Part) -> None:
        flat, model = REGISTERS[source], TABLES[table]
        self.given = fields
        self.fields: dict[str, str] = {}
        self.values: list[str] = []
        self.unreadable: list[tuple[str, str]] = []
        self.used: dict[str, str] = {}
        self.as_given: dict[str, str] = {}
        for name in part.columns:
            column = model.columns[name]
            expression = _expression(source, flat, name, column)
            kinds = dict(_FIELD.findall(expression))
            self.used |= {field: OTHER if kind == OTHER else "text" for field, kind in kinds.items()}
            self.values.append(f'{self._filled(expression)} AS "{name}"')
            self.as_given.update((name, field) for field in kinds if expression == f"{{{field}:text}}")
            if name not in flat.lenient and (column.type != "text" or name not in self.as_given):
                given = " OR ".join(self.field(field, "given") for field in kinds)
                self.values.append(f'({given}) AS "given {name}"')
                word = "impossible CPR number" if name.endswith("person_id") else f"unreadable {name}"
                self.unreadable.append((f'"{name}" IS NULL AND "given {name}"', word))
            elif contract.is_senders_text(model, name) and not column.values and name not in flat.lenient:
                in_powers = " OR ".join(f"in_powers({self.field(field, 'text')})" for field in kinds)
                self.values.append(f'({in_powers}) AS "in powers {name}"')
                self.unreadable.append((f'"in powers {name}"', f"unreadable {name}"))
            if column.type in ("whole", "decimal"):  # a number cannot be replaced by a hash, as a text is
                holds = " OR ".join(f"holds_cpr({self.field(field, 'text')})" for field in kinds)
                self.values.append(f'({holds}) AS "CPR number in {name}"')
                self.unreadable.append((f'"CPR number in {name}"', f"CPR number in {name}"))
        for word in part.words:
            condition = flat.refuse[word]
            self.used = {field: "text" for field, _ in _FIELD.findall(condition)} | self.used
            self.values.append(f'{self._filled(condition)} AS "{word}"')
            self.unreadable.append((f'"{word}"', word))

    def field(self, name: str, wanted: str) -> str:
        """SQL for a field as the wanted type, in ``rows``."""
        self.fields[f"{name} {wanted}"] = self.given.sql(name, wanted)
        return f'"{name} {wanted}"'

    def rows(self, scan: str, *more: str) -> str:
        """SQL for the file's rows with every field that has been asked for, and ``more``."""
        fields = [f'{value} AS "{name}"' for name, value in self.fields.items()]
        return f"(SELECT {', '.join([*fields, *more])} FROM {scan})"

    def _filled(self, expression: str) -> str:
        return _FIELD.sub(lambda match: self.field(match[1], match[2] or "text"), expression)
