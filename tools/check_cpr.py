"""Look for numbers that could be CPR numbers in every file that git tracks. Shows file and line, never the number."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATTERN = re.compile(r"(?<![0-9A-Za-z.])(\d{2})(\d{2})(\d{2})-?\d{4}(?![0-9A-Za-z])")

# File or folder → why numbers in it may look like CPR numbers. Keep it short.
ALLOWED: dict[str, str] = {
    "tests/intake": "made-up numbers that intake must recognise, refuse or replace",
}


def suspects(text: str) -> list[int]:
    """Line numbers with ten digits, with or without a hyphen, that begin with a day, a month and a year."""
    return [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if any(_is_day(*map(int, found.groups())) for found in PATTERN.finditer(line))
    ]


def _is_day(day: int, month: int, year: int) -> bool:
    try:
        return bool(date(2000 + year, month, day))
    except ValueError:
        return (day, month) == (29, 2)


def main() -> int:
    """Check every tracked file; 1 if any has a suspect."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = 0
    for name in filter(None, tracked.split("\0")):
        if any(name == allowed or name.startswith(f"{allowed}/") for allowed in ALLOWED) or not (ROOT / name).is_file():
            continue
        for line in suspects((ROOT / name).read_text(encoding="utf-8", errors="replace")):
            print(f"{name}:{line} has a number that could be a CPR number. Take it out.")
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
