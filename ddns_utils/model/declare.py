"""How a table of the linked data model is declared. A table is a class; each of its columns is one ``Column``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from ddns_utils import codelists
from ddns_utils.errors import DefinitionError
from ddns_utils.language import Text

ARROW_TYPES = {
    "text": pa.string(),
    "whole": pa.int64(),
    "decimal": pa.float64(),
    "yes_no": pa.bool_(),
    "day": pa.date32(),
    "moment": pa.timestamp("us"),
}
SQL_TYPES = {
    "text": "VARCHAR",
    "whole": "BIGINT",
    "decimal": "DOUBLE",
    "yes_no": "BOOLEAN",
    "day": "DATE",
    "moment": "TIMESTAMP",
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: its type, what it says in Danish and English, and where it comes from.

    ``type`` is one of text, whole, decimal, yes_no, day and moment (Danish clock time). ``codes`` names a code list,
    as ``list`` (column ``code``) or ``list.column``; ``allowed`` lists the values instead. ``source`` names the
    delivered fields, as ``TABLE.FIELD``. ``least`` and ``most`` bound plausible values, both included.
    """

    type: str
    da: str
    en: str
    nullable: bool = False
    unit: str = ""
    codes: str = ""
    allowed: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    source: str = ""

    def __post_init__(self) -> None:
        if self.type not in ARROW_TYPES:
            raise DefinitionError(f"A column has no type '{self.type}'. Choose one of: {', '.join(ARROW_TYPES)}.")
        Text(da=self.da, en=self.en)

    @property
    def text(self) -> Text:
        """What the column says, in both languages."""
        return Text(da=self.da, en=self.en)

    @property
    def values(self) -> tuple[str, ...]:
        """The values a text column may have; empty if it is free."""
        if not self.codes:
            return self.allowed
        name, _, column = self.codes.partition(".")
        return tuple(dict.fromkeys(row[column or "code"] for row in codelists.rows(name)))


class Table:
    """Base of the declared tables.

    A subclass has columns and says: ``one_row_is``; ``origin``, the register it comes from; ``key``, the columns that
    identify a row, where a later delivery of the same key replaces the earlier one (empty: rows are only added);
    ``time``, the column that dates a row; ``order``, the column that says which of two rows with one key is later;
    ``voided_by``, the yes_no column that marks rows withdrawn by their sender, which readers never see;
    ``forward``, pairs of columns of which the first must not be after the second; ``sent_by``, the column with the
    clinic system that sent a row; ``event``, the column with what a row has to have waited for when it is received;
    ``happened``, the columns with what has happened, and so cannot lie after the day of delivery.
    """

    name: ClassVar[str]
    one_row_is: ClassVar[Text]
    origin: ClassVar[str]
    key: ClassVar[tuple[str, ...]] = ()
    time: ClassVar[str | None] = None
    order: ClassVar[str | None] = None
    voided_by: ClassVar[str | None] = None
    forward: ClassVar[tuple[tuple[str, str], ...]] = ()
    sent_by: ClassVar[str | None] = None
    event: ClassVar[str | None] = None
    happened: ClassVar[tuple[str, ...]] = ()
    columns: ClassVar[dict[str, Column]]

    def __init_subclass__(cls) -> None:
        found: dict[str, Column] = {}
        for base in reversed(cls.__mro__):
            found |= {name: value for name, value in vars(base).items() if isinstance(value, Column)}
        cls.columns = found
        if "name" not in vars(cls):
            return
        named = (
            *cls.key,
            cls.time,
            cls.order,
            cls.voided_by,
            cls.sent_by,
            cls.event,
            *cls.happened,
            *(column for pair in cls.forward for column in pair),
        )
        if missing := [column for column in named if column and column not in found]:
            raise DefinitionError(f"Table {cls.name} names columns that it does not have: {', '.join(missing)}.")

    @classmethod
    def schema(cls) -> pa.Schema:
        """The table's columns as an Arrow schema, in declared order."""
        return pa.schema([pa.field(n, ARROW_TYPES[c.type], nullable=c.nullable) for n, c in cls.columns.items()])
