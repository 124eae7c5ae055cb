"""The KL Gateway profiles as rules over resources: required, prohibited and fixed elements, and value sets.

Read from the element tables beside the project. Slices are followed where the table says how to know them: an
extension by its address, a coding by its system, a choice of types by its name.
"""

import csv
from collections import defaultdict
from pathlib import Path


class Profiles:
    """The element tables of one folder."""

    def __init__(self, folder: Path) -> None:
        self.rows: dict[str, list[dict]] = defaultdict(list)
        for row in _read(folder / "profiles.csv"):
            self.rows[row["profile"]].append(row)
        self.members: dict[str, set[str]] = defaultdict(set)
        for row in _read(folder / "codes" / "value_sets.csv"):
            self.members[row["value_set"]].add(row["code"])

    def faults(self, resource: dict) -> list[str]:
        """What is wrong with a resource by its own profile."""
        name = resource["meta"]["profile"][0].rsplit("/", 1)[1]
        if name not in self.rows:
            return [f"unknown profile {name}"]
        known = {row["path"]: row["fixed_or_pattern"] for row in self.rows[name]}
        found = []
        for row in self.rows[name]:
            *parents, last = row["path"].split(".")
            if ":" in last and not _slice_is_known(row["path"], known):
                continue
            for holder in _nodes([resource], parents, known):
                values = _step(holder, last, ".".join((*parents, last)), known)
                found += [f"{name}: {fault}" for fault in self._check(row, values)]
        return found

    def _check(self, row: dict, values: list) -> list[str]:
        found = []
        most = float("inf") if row["max"] == "*" else int(row["max"])
        if not int(row["min"]) <= len(values) <= most:
            found.append(f"{row['path']} occurs {len(values)} times, not {row['min']}..{row['max']}")
        fixed = row["fixed_or_pattern"]
        if fixed and not fixed.startswith("{") and any(v != fixed for v in values if isinstance(v, str)):
            found.append(f"{row['path']} is not {fixed}")
        if members := self.members.get(row["value_set"]):
            codes = {code for value in values for code in _codes(value)}
            if row["strength"] == "required" and not codes <= members:
                found.append(f"{row['path']} has codes outside its value set: {sorted(codes - members)}")
        return found


def _read(file: Path) -> list[dict]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _slice_is_known(path: str, known: dict) -> bool:
    head, _, name = path.rpartition(":")
    return head.endswith("[x]") or (bool(known.get(f"{path}.url") or known.get(f"{path}.system")) and bool(name))


def _nodes(holders: list, parents: list[str], known: dict) -> list:
    walked: list[str] = []
    for segment in parents:
        walked.append(segment)
        path = ".".join(walked)
        if ":" in segment and not _slice_is_known(path, known):
            return []
        holders = [value for holder in holders for value in _step(holder, segment, path, known)]
    return [holder for holder in holders if isinstance(holder, dict)]


def _step(holder: dict, segment: str, path: str, known: dict) -> list:
    element, _, slice_ = segment.partition(":")
    if element.endswith("[x]"):
        if slice_:
            return _as_list(holder.get(slice_))
        return [value for key, value in holder.items() if key.startswith(element[:-3]) and key != element[:-3]]
    values = _as_list(holder.get(element))
    if slice_:
        key = "url" if known.get(f"{path}.url") else "system"
        values = [value for value in values if value.get(key) == known[f"{path}.{key}"]]
    return values


def _as_list(value: object) -> list:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _codes(value: object) -> list[str]:
    if not isinstance(value, dict):
        return []
    return [coding["code"] for coding in value.get("coding", [value]) if "code" in coding]
