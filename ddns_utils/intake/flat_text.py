"""How text in flat files is read as numbers, days and yes or no. What has two readings is not read, but refused.

Written as macros of DuckDB. ``1.234,5``, ``1.234.567`` and ``1 234`` have signs between thousands; a single ``1.234``
has a decimal point. Whole numbers have no such signs, because ``1.000`` may be one or a thousand. Years have four
digits. A moment with an offset becomes Danish clock time.
"""

from __future__ import annotations

import duckdb

_NUMBER = r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]{1,2})?"
_THOUSANDS = r"[+-]?[0-9]{1,3}(([.][0-9]{3}){2,}|([.][0-9]{3})+,[0-9]+|([ \x{00a0}][0-9]{3})+(,[0-9]+)?)"
_DATES = [f"{day}{time}" for day in ("%d-%m-%Y", "%d.%m.%Y") for time in (" %H:%M:%S", " %H:%M", "")]
_DATES += ["%Y%m%d", "%d%b%Y", "%d%b%Y:%H:%M:%S"]
_MACROS = f"""
    CREATE OR REPLACE TEMP MACRO trimmed(text) AS CASE -- most texts have no space in them, which is quickly seen
        WHEN contains(text, ' ') OR strlen(text) <> length(text) THEN nullif(trim(text), '') ELSE nullif(text, '') END;
    CREATE OR REPLACE TEMP MACRO is_whole(text) AS TRY_CAST(text AS BIGINT)::VARCHAR = text; -- faster than a pattern
    CREATE OR REPLACE TEMP MACRO in_powers(text) AS -- only Excel and floating-point numbers write a code so
        contains(text, '+') AND regexp_full_match(text, '[0-9]+([.,][0-9]+)?[eE][+][0-9]+');
    CREATE OR REPLACE TEMP MACRO read_decimal(text) AS TRY_CAST(CASE
        WHEN is_whole(text) THEN text
        WHEN regexp_full_match(text, '{_NUMBER}') THEN replace(text, ',', '.')
        WHEN regexp_full_match(text, '{_THOUSANDS}')
            THEN replace(regexp_replace(text, '[. \\x{{00a0}}]', '', 'g'), ',', '.') END AS DOUBLE);
    CREATE OR REPLACE TEMP MACRO read_result(text) AS CASE
        WHEN is_whole(text) THEN TRY_CAST(text AS DOUBLE)
        WHEN regexp_full_match(text, '([<>]=?|[≤≥])?\\s*-?[0-9]+([.,][0-9]+)?')
            THEN TRY_CAST(replace(regexp_extract(text, '-?[0-9]+([.,][0-9]+)?'), ',', '.') AS DOUBLE) END;
    CREATE OR REPLACE TEMP MACRO read_whole(text) AS CASE
        WHEN is_whole(text) THEN TRY_CAST(text AS BIGINT)
        WHEN regexp_full_match(text, '[+-]?[0-9]+([.,]0{{1,2}})?')
            THEN TRY_CAST(regexp_extract(text, '[^.,]+') AS BIGINT) END;
    CREATE OR REPLACE TEMP MACRO read_yes_no(text) AS CASE
        WHEN lower(text) IN ('1', 'ja', 'true') THEN true WHEN lower(text) IN ('0', 'nej', 'false') THEN false END;
    CREATE OR REPLACE TEMP MACRO read_any_moment(text) AS CASE
        WHEN text NOT LIKE '____-%' THEN CASE WHEN text[1] BETWEEN '0' AND '9' THEN try_strptime(text, {_DATES}) END
        WHEN length(text) > 16 AND regexp_matches(text, '(Z|[+-][0-9]{{2}}(:?[0-9]{{2}})?)$')
            THEN timezone('Europe/Copenhagen', TRY_CAST(text AS TIMESTAMPTZ))
        ELSE TRY_CAST(text AS TIMESTAMP) END;
    CREATE OR REPLACE TEMP MACRO read_moment(text) AS
        CASE WHEN year(read_any_moment(text)) BETWEEN 1800 AND 9999 THEN read_any_moment(text) END;
    CREATE OR REPLACE TEMP MACRO read_day(text) AS read_moment(text)::DATE;
"""


def teach(engine: duckdb.DuckDBPyConnection) -> None:
    """Give an engine the macros trimmed, read_decimal, read_result, read_whole, read_yes_no, read_moment and read_day.

    They give NULL for what is empty or unreadable. ``read_result`` is the number of a laboratory's answer, which may
    have a sign of comparison before it. ``in_powers`` says whether a code has become a number such as 3,91111E+14,
    which has lost digits.
    """
    engine.execute(_MACROS)
