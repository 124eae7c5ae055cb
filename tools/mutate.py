"""Change one thing at a time in a module of rules and see whether a spec fails.

    python tools/mutate.py ddns_utils/indicators/cross_sector.py [more modules …] [--specs SPEC …]

Comparisons move by one step or are turned round, in SQL too; `&` and `|` change places, `~` and conditions of
`.filter()` are left out, and declared whole numbers (days, ages, thresholds) grow by one; types are left alone. Works
on a copy, and runs the specs that name the module (where none does, other tests that name it, or all specs), or those
given. Prints each change that no spec noticed, and exits with 1 if there is any. A line that ends with
`# same either way: …` says why none can notice a change there.
"""

from __future__ import annotations

import ast
import importlib
import io
import os
import re
import shutil
import signal
import sys
import tempfile
import tokenize
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
SPECS = ("tests/spec", "tests/phenotypes/test_rules.py")
SECONDS = 300
SAME = "# same either way"
HEAVY = (
    "ibis.backends.duckdb",
    "pandas",
    "pyarrow",
    "deltalake",
    "scipy.stats",
    "statsmodels.api",
    "hypothesis",
    "babel",
    "papermill",
    "IPython.display",
    "nbclient",
    "jsonschema",
)
COMPARED = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"), ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
}  # fmt: skip
JOINED = {ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&")}
IN_SQL = {
    " < ": " <= ", " > ": " >= ", " = ": " <> ", " <> ": " = ", " AND ": " OR ", " OR ": " AND ",
    " IS NULL": " IS NOT NULL", " IS NOT NULL": " IS NULL", " DESC": " ASC",
}  # fmt: skip
Mutant = tuple[int, str, str]


class Source:
    """A module's text, with places in bytes as ``ast`` gives them."""

    def __init__(self, text: str) -> None:
        self.raw = text.encode()
        self.lines = text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line.encode()))

    def begin(self, node: ast.AST) -> int:
        """Where a node begins."""
        return self.starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.AST) -> int:
        """Just after a node's end."""
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def changed(self, node: ast.AST, begin: int, end: int, new: bytes, what: str) -> Mutant:
        """The text with other bytes from ``begin`` to ``end``."""
        line = self.lines[node.lineno - 1].strip()
        return node.lineno, f"{line}   ({what})", (self.raw[:begin] + new + self.raw[end:]).decode()


def mutants(text: str) -> Iterator[Mutant]:
    """(line, what was changed, changed text) for each change, but for lines that say it cannot be noticed."""
    source, tree = Source(text), ast.parse(text)
    types = {part for node in ast.walk(tree) for field in ("annotation", "returns")
             if (said := getattr(node, field, None)) for part in ast.walk(said)}  # fmt: skip
    for node in ast.walk(tree):
        if node in types:
            continue
        lines = source.lines[getattr(node, "lineno", 1) - 1 : getattr(node, "end_lineno", 0)]
        if not any(SAME in line for line in lines):
            yield from _of(node, source)
    yield from _in_sql(text)


def _in_sql(text: str) -> Iterator[Mutant]:
    lines, at_start = text.splitlines(keepends=True), True
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        (row, begin), (end_row, end) = token.start, token.end
        if token.type == tokenize.STRING and not at_start and SAME not in token.line:
            before = "".join(lines[: row - 1]) + lines[row - 1][:begin]
            after = lines[end_row - 1][end:] + "".join(lines[end_row:])
            for sign in re.finditer(rf"(?<!CREATE)(?:{'|'.join(sorted(IN_SQL, reverse=True))})", token.string):
                old, new = sign[0], IN_SQL[sign[0]]
                changed = token.string[: sign.start()] + new + token.string[sign.end() :]
                where = row + token.string.count("\n", 0, sign.start())
                yield where, f"{lines[where - 1].strip()}   ({old.strip()} to {new.strip()})", before + changed + after
        if token.type not in (tokenize.NL, tokenize.COMMENT):
            at_start = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING)


def _of(node: ast.AST, source: Source) -> Iterator[Mutant]:
    if isinstance(node, ast.Compare):
        for (left, right), sign in zip(pairwise([node.left, *node.comparators]), node.ops, strict=True):
            if type(sign) in COMPARED:
                yield _sign(node, source, source.end(left), source.begin(right), COMPARED[type(sign)])
    elif isinstance(node, ast.BinOp) and type(node.op) in JOINED:
        yield _sign(node, source, source.end(node.left), source.begin(node.right), JOINED[type(node.op)])
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
        yield source.changed(node, source.begin(node), source.begin(node) + 1, b"", "without ~")
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "filter":
        for argument in node.args:
            begin, end = source.begin(argument), source.end(argument)
            new = b"*()" if len(node.args) > 1 else b"True"
            yield source.changed(argument, begin, end, new, f"without {ast.unparse(argument)}")
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name | ast.Tuple):
        names = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else node.targets
        if all(isinstance(name, ast.Name) and name.id.isupper() for name in names):
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            for number in (value for value in values if isinstance(value, ast.Constant) and type(value.value) is int):
                new = str(number.value + 1).encode()
                yield source.changed(number, source.begin(number), source.end(number), new, "one more")


def _sign(node: ast.AST, source: Source, begin: int, end: int, signs: tuple[str, str]) -> Mutant:
    new = source.raw[begin:end].replace(signs[0].encode(), signs[1].encode(), 1)
    return source.changed(node, begin, end, new, " to ".join(signs))


def specs_of(module: Path, folder: Path) -> list[str]:
    """The specs that name a module; where none does, the tests that name it, or all specs."""
    files = [file for spec in SPECS for file in sorted((folder / spec).rglob("test_*.py"))]
    files += [folder / spec for spec in SPECS if spec.endswith(".py")]
    dotted = ".".join(module.with_suffix("").parts).removesuffix(".__init__")
    package, _, name = dotted.rpartition(".")

    def naming(some: list[Path]) -> list[str]:
        return [
            str(file)
            for file in some
            if f"from {dotted} import" in (text := file.read_text(encoding="utf-8"))
            or any(line.startswith(f"from {package} import") and name in line for line in text.splitlines())
        ]

    return naming(files) or naming(sorted((folder / "tests").rglob("test_*.py"))) or [str(file) for file in files]


def passes(folder: Path, specs: list[str]) -> bool:
    """Whether the specs pass on the copy in a folder, in a process that has loaded what is heavy already."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == 0
    signal.alarm(SECONDS)  # a loop that a change has made endless is noticed
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    import pytest

    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-W", "ignore", "-n", "0"]
    os._exit(int(pytest.main([*specs, *options])))


def main(words: list[str]) -> int:
    """Try every mutant of the modules; 1 if any survives."""
    modules, given = (
        (words[: words.index("--specs")], words[words.index("--specs") + 1 :]) if "--specs" in words else (words, [])
    )
    sys.dont_write_bytecode = True
    for name in HEAVY:
        importlib.import_module(name)
    survivors = tried = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for part in ("ddns_utils", "tests", "docs", "parameters"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        for name in modules:
            module = Path(name).resolve().relative_to(ROOT)
            target, text = folder / module, (ROOT / module).read_text(encoding="utf-8")
            specs = given or specs_of(module, folder)
            if not passes(folder, specs):
                sys.exit(f"The specs of {module} fail as they are. Mend that first.")
            for line, what, changed in mutants(text):
                tried += 1
                target.write_text(changed, encoding="utf-8")
                if passes(folder, specs):
                    survivors += 1
                    print(f"{module}:{line}: no spec notices: {what}", flush=True)
            target.write_text(text, encoding="utf-8")
            print(f"{module}: done, {tried} changes so far", file=sys.stderr, flush=True)
    print(f"{tried} changes, {survivors} unnoticed")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
