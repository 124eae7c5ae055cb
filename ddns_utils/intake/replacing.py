"""Deliveries that replace a period, of registers whose rows have no key: services, prescriptions, laboratory results.

Such a register cannot tell a corrected row from one more row. Who lands a whole extract of a period says so, and the
period then is what the extract says: rows that had been received before stay as they first came, with the delivery
that brought them; earlier deliveries' other rows of the period no longer count, nor do such rows if they come later.
Which of two deliveries is the earlier one is told by their days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from ddns_utils.errors import DataError
from ddns_utils.intake.account import Fate
from ddns_utils.intake.deliveries import UNDATED, DeliveredFile
from ddns_utils.intake.flat_registers import REGISTERS
from ddns_utils.model import TABLES
from ddns_utils.period import Period
from ddns_utils.registers import Writer

WITHOUT_KEY = {
    register: flat.tables[0] for register, flat in REGISTERS.items() if not any(TABLES[t].key for t in flat.tables)
}


def read_replacements(told: Iterable[str]) -> dict[str, Period]:
    """Periods by register, told as ``LMDB=2025Q1``; DataError or DefinitionError if one cannot be meant so."""
    periods: dict[str, Period] = {}
    for text in told:
        register, sign, period = text.partition("=")
        register = register.strip().upper()
        if not sign:
            raise DataError(f"'{text}' is no register and period. Write it as in --replaces LMDB=2025Q1.")
        if register not in WITHOUT_KEY:
            raise DataError(
                f"Periods of '{register}' cannot be replaced, only of {', '.join(WITHOUT_KEY)}. In other registers a "
                "row replaces the one with its key: land the corrected rows."
            )
        if register in periods:
            raise DataError(f"Two periods of {register} are to be replaced. Land one after the other.")
        periods[register] = Period.parse(period)
    return periods


class Replacement:
    """The files of one landing that are together all of a register's period.

    Those that landed before are read again, because rows of theirs may not be in the store. DataError if there are no
    files, or they are of several days.
    """

    def __init__(self, register: str, period: Period, deliveries: Iterable[DeliveredFile], writer: Writer) -> None:
        self.register, self.period, self.writer = register, period, writer
        self.table = WITHOUT_KEY[register]
        files = [file for file in deliveries if file.source == register]
        try:
            self.files = list({file.sha256: file for file in files}.values())
        except OSError as error:
            why = f"A file that is to replace {register} {period} cannot be opened ({error.strerror})."
            raise DataError(why) from None
        if not self.files:
            raise DataError(f"There is no file of {register} to replace {period} with.")
        days = sorted({str(file.day or "no day") for file in self.files})
        if len(days) > 1:
            raise DataError(
                f"Files of {register} from {' and '.join(days)} cannot replace {period} together. Land the delivery "
                "that replaces it by itself."
            )
        self._day = self.files[0].delivery_id[:10]
        hashes = ", ".join(f"'{file.sha256}'" for file in self.files)
        self._landed = dict(
            writer.engine.execute(f"""
                SELECT sha256, delivery_id FROM {writer.scan("delivery")}
                WHERE sha256 IN ({hashes}) AND refused_because IS NULL""").fetchall()
        )
        self.new_files = [file for file in self.files if file.sha256 not in self._landed]
        self.landed_files = [self._as_landed(file) for file in self.files if file.sha256 in self._landed]
        self._own: set[str] = set()
        self._again: list[Fate] = []
        self._moved: Counter[str] = Counter()  # from kept to superseded

    def _as_landed(self, file: DeliveredFile) -> DeliveredFile:
        """A file that landed before, as the delivery that it was then."""
        day = self._landed[file.sha256][:10]
        return replace(file, day=None if day == UNDATED else date.fromisoformat(day))

    def take(self, fates: Iterable[Fate], again: list[Fate]) -> None:
        """Take in what was written of new files, and again of others; nothing is replaced yet.

        DataError if a row lies outside the period, or there is none.
        """
        names = {file.delivery_id: file.name for file in (*self.new_files, *self.landed_files)}
        good = [fate for fate in (*fates, *again) if fate.delivery_id in names and fate.kept + fate.superseded]
        for fate in good:
            if fate.kept and (fate.first_day < self.period.start or fate.last_day >= self.period.end):
                raise DataError(
                    f"{names[fate.delivery_id]} has rows from {fate.first_day} to {fate.last_day}, outside "
                    f"{self.period} that it is to replace. Name the whole period that it is all of."
                )
        if not good:
            raise DataError(f"no row of {self.register} can be kept, so {self.period} would become empty.")
        self._own, self._again = set(names), again

    def carry_out(self) -> list[Fate]:
        """Leave of the period what the files say of it; gives what that changes in the account of new files.

        Of equal rows those that came first stay.
        """
        if not self._own:
            return []
        went = self._find()
        files, engine = self.writer.files(self.table), self.writer.engine
        with_gone = "SELECT number, filename FROM numbered WHERE number IN (SELECT file FROM gone)"
        for number, path in engine.execute(with_gone).fetchall():
            rows = f"{self.writer.scan(self.table, {path}, 'file_row_number')} ANTI JOIN gone"
            self.writer.put(self.table, f"(FROM {rows} ON file = {number} AND row = file_row_number)", set())
            files.remove({path})
        self._moved = went.copy()
        self._moved.subtract({fate.delivery_id: fate.kept for fate in self._again})
        new = self._own.difference(self._landed.values())
        return [Fate(id_, self.table, -went[id_], 0, went[id_], None, None, {}) for id_ in sorted(new)]

    def _find(self) -> Counter[str]:
        """Make the table ``gone`` of rows that no longer count, by file and place; gives how many a delivery has."""
        files, engine = self.writer.files(self.table), self.writer.engine
        years = range(self.period.start.year, self.period.last_day.year + 1)
        paths = [path for path, file in files.live.items() if file.year in years]
        engine.execute(
            "CREATE OR REPLACE TEMP TABLE numbered AS SELECT unnest($1) AS number, unnest($2) AS filename, "
            "unnest($3) AS own",
            [[*range(len(paths))], paths, [path in files.added for path in paths]],
        )
        engine.execute("CREATE OR REPLACE TEMP TABLE gone (delivery_id VARCHAR, file INT, row BIGINT)")
        content = ", ".join(f'"{column}"' for column in TABLES[self.table].columns if column != "delivery_id")
        placed = self.writer.scan(self.table, paths, "filename", "file_row_number")
        replaced_later = replaced_since(self.table, self.writer, f"'{self._day}'")
        for part in _by_month(self.period):  # so that memory is bounded
            engine.execute(f"""
                CREATE OR REPLACE TEMP TABLE told AS
                SELECT delivery_id, number AS file, file_row_number AS row, own, "{TABLES[self.table].time}" AS day,
                    hash({content}) AS content
                FROM {placed} JOIN numbered USING (filename)
                WHERE {_within(self.table, part)} AND NOT ({replaced_later})
                    AND (own OR left(delivery_id, 10) <= '{self._day}')""")
            # Of rows with the same content on a day as many stay as the files have, the earlier ones first.
            engine.execute("""
                INSERT INTO gone
                WITH alike AS (
                    SELECT day, content, count(*) FILTER (own) AS new, count(*) FILTER (NOT own) AS old
                    FROM told GROUP BY ALL HAVING old > 0)
                SELECT delivery_id, file, row FROM told JOIN alike USING (day, content)
                WHERE CASE WHEN own THEN new <= old ELSE new = 0 END
                UNION ALL
                SELECT delivery_id, file, row FROM (
                    SELECT *, row_number() OVER (PARTITION BY day, content, own ORDER BY delivery_id) AS turn
                    FROM told JOIN alike USING (day, content)
                    WHERE CASE WHEN own THEN new > old ELSE old > new AND new > 0 END)
                WHERE CASE WHEN own THEN turn <= old ELSE turn > new END""")
        return Counter(dict(engine.execute("SELECT delivery_id, count(*) FROM gone GROUP BY ALL").fetchall()))

    def note(self) -> None:
        """Let the files' deliveries tell what they replaced, and move the counts of rows of earlier deliveries."""
        if not self._own:
            return
        engine, deliveries = self.writer.engine, self.writer.scan("delivery")
        counted = self._own.difference(self._landed.values())
        moved = {id_: rows for id_, rows in self._moved.items() if id_ not in counted}
        about = sorted(self._own | moved.keys())
        engine.execute(
            "CREATE OR REPLACE TEMP TABLE moved AS "
            "SELECT unnest($1) AS delivery_id, unnest($2) AS own, unnest($3) AS n",
            [about, [id_ in self._own for id_ in about], [moved.get(id_, 0) for id_ in about]],
        )
        engine.execute(f"""
            CREATE OR REPLACE TEMP TABLE noted AS
            SELECT * EXCLUDE (own, n) REPLACE (
                rows_kept - n AS rows_kept, rows_superseded + n AS rows_superseded,
                if(own, DATE '{self.period.start}', replaces_first_day) AS replaces_first_day,
                if(own, DATE '{self.period.last_day}', replaces_last_day) AS replaces_last_day)
            FROM {deliveries} JOIN moved USING (delivery_id)
            EXCEPT FROM {deliveries}""")
        if engine.execute("SELECT count(*) FROM noted").fetchone() != (0,):
            self.writer.merge_rows("delivery", "noted")

    def lines(self) -> list[str]:
        """What was replaced, in words."""
        if not self._own:
            return []
        gone = sum(rows for id_, rows in self._moved.items() if id_ not in self._own)
        return [f"{self.register} {self.period} is replaced: {gone:,} rows of earlier deliveries no longer count."]


def replaced_since(table: str, writer: Writer, delivered_on: str = "left(delivery_id, 10)") -> str:
    """SQL that says of a table's row whether the store has a replacement of its period from after ``delivered_on``."""
    register = next((register for register, filled in WITHOUT_KEY.items() if filled == table), None)
    periods = writer.engine.execute(f"""
        SELECT DISTINCT replaces_first_day, replaces_last_day + 1, left(delivery_id, 10)
        FROM {writer.scan("delivery")} WHERE source = '{register}' AND replaces_first_day IS NOT NULL""").fetchall()
    later = [f"{_within(table, Period(a, b))} AND {delivered_on} < '{day}'" for a, b, day in periods]
    return " OR ".join(later) or "false"


def _within(table: str, period: Period) -> str:
    day = f'"{TABLES[table].time}"'
    return f"({day} >= DATE '{period.start}' AND {day} < DATE '{period.end}')"


def _by_month(period: Period) -> Iterator[Period]:
    months = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month + 1
    for month in period.latest_months(months):
        if max(month.start, period.start) < min(month.end, period.end):
            yield Period(max(month.start, period.start), min(month.end, period.end))
