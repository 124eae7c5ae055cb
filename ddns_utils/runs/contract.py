"""What an analysis takes: read from its notebook and its parameter file without running anything.

The notebook's one cell tagged ``parameters`` declares them, one annotated literal a line with a comment that says
what it means. ``parameters/<analysis>.toml`` may set other values and add checks.
"""

from __future__ import annotations

import ast
import io
import json
import tokenize
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ddns_utils.errors import DefinitionError, did_you_mean
from ddns_utils.language import LANGUAGES, Text
from ddns_utils.runs.project import Project
from ddns_utils.runs.values import KINDS, TYPES, Check, Value, from_text, in_words, of_type

FILE_KEYS = ("notebook", "schedule", "parameters", "checks", "labels", "values")
CHECK_KEYS = tuple(check.name for check in fields(Check))


@dataclass(frozen=True)
class Parameter:
    """One line of the ``parameters`` cell."""

    name: str
    type: str
    default: Value
    meaning: str
    check: Check
    label: Text | None = None
    values: dict[str, Text] = field(default_factory=dict)

    def require(self, value: object, where: str = "") -> Value:
        """The value, of the declared type, checked and normalised; DefinitionError otherwise.

        Text given on the command line is read by ``from_text`` first.
        """
        try:
            return self.check.require(of_type(value, self.type))
        except ValueError as error:
            shown = f"'{value}'" if isinstance(value, str) else str(value)
            raise DefinitionError(f"{where}{self.name} cannot be {shown}. {error}") from None
        except DefinitionError as error:
            raise DefinitionError(f"{where}{self.name}: {error}") from None

    def in_words(self, value: Value, language: str) -> str:
        """A value as readers see it: in its own words if it has any, else by its kind."""
        if isinstance(value, list):
            return ", ".join(self.in_words(item, language) for item in value)
        words = self.values.get(str(value))
        return words[language] if words else in_words(value, self.check.kind, language)


@dataclass(frozen=True)
class Contract:
    """The parameters of an analysis and the notebook that takes them."""

    analysis: str
    notebook: Path
    parameters: dict[str, Parameter]
    schedule: str | None = None

    def values(self, given: dict[str, str]) -> dict[str, Value]:
        """All parameters' values, where ``given`` (name to text) takes the place of the declared ones.

        Raises DefinitionError for a name that the analysis does not have and a value that it cannot take.
        """
        values = {name: parameter.default for name, parameter in self.parameters.items()}
        for name, text in given.items():
            parameter = _known(self.parameters, name, self.analysis)
            try:
                value = from_text(text, parameter.type)
            except ValueError as error:
                raise DefinitionError(f"{self.analysis}: {name} cannot be '{text}'. {error}") from None
            values[name] = parameter.require(value, f"{self.analysis}: ")
        return values

    def shown(self, values: dict[str, Value], language: str) -> list[dict[str, str]]:
        """Label and value of each parameter as readers see them, in the notebook's order."""
        return [
            {
                "label": parameter.label[language] if parameter.label else parameter.meaning,
                "value": parameter.in_words(values[name], language),
            }
            for name, parameter in self.parameters.items()
        ]


def read_contract(project: Project, analysis: str) -> Contract:
    """The contract of an analysis. Raises DefinitionError if it is unknown or its declaration cannot be used."""
    project.require_analysis(analysis)
    file = project.parameter_file(analysis)
    settings = _read_settings(file) if file.is_file() else {}
    notebook = project.root / "notebooks" / f"{settings.get('notebook', analysis)}.ipynb"
    if not notebook.is_file():
        raise DefinitionError(f"{file.name} names the notebook '{notebook.stem}', but {notebook.name} does not exist.")
    parameters = read_parameters(_parameters_cell(notebook), notebook.name)
    where = f"{file.name}: "
    for name, checks in settings.get("checks", {}).items():
        parameter = _known(parameters, name, f"{where}{analysis}")
        parameters[name] = replace(parameter, check=_check(checks, parameter, f"{where}checks.{name}"))
    for name, label in settings.get("labels", {}).items():
        parameter = _known(parameters, name, f"{where}{analysis}")
        parameters[name] = replace(parameter, label=_text(label, f"{where}labels.{name}"))
    for name, words in settings.get("values", {}).items():
        parameter = _known(parameters, name, f"{where}{analysis}")
        texts = {value: _text(text, f"{where}values.{name}.{value}") for value, text in words.items()}
        parameters[name] = replace(parameter, values=texts)
    for name, value in settings.get("parameters", {}).items():
        parameters[name] = replace(_known(parameters, name, f"{where}{analysis}"), default=value)
    for name, parameter in parameters.items():
        source = where if name in settings.get("parameters", {}) else f"{notebook.name}: "
        parameters[name] = replace(parameter, default=parameter.require(parameter.default, source))
    return Contract(analysis, notebook, parameters, settings.get("schedule"))


def split_settings(settings: tuple[str, ...]) -> dict[str, str]:
    """Name → text of settings written ``name=value``; DefinitionError for another form and for a name given twice."""
    given: dict[str, str] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name:
            raise DefinitionError(f"'{setting}' does not set a parameter. Write --set name=value.")
        if name in given:
            raise DefinitionError(f"'{name}' is set twice. Set it once.")
        given[name] = text
    return given


def read_parameters(source: str, where: str) -> dict[str, Parameter]:
    """The parameters that a cell's code declares. Raises DefinitionError naming the line that cannot be used."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise DefinitionError(
            f"{where}: the parameters cell is not Python ({error.msg}, line {error.lineno})."
        ) from None
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    meanings = {token.start[0]: token.string.lstrip("# ").strip() for token in tokens if token.type == tokenize.COMMENT}
    parameters: dict[str, Parameter] = {}
    for line in tree.body:
        if isinstance(line, ast.ImportFrom) and line.module == "typing":
            continue
        at = f"{where}: line {line.lineno} of the parameters cell"
        if not (isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.value):
            raise DefinitionError(f'{at} is not a parameter. Write one a line: period: str = "2025"  # what it means')
        name = line.target.id
        if name in parameters:
            raise DefinitionError(f"{at} declares '{name}' a second time.")
        if not meanings.get(line.end_lineno):
            raise DefinitionError(f"{at} does not say what '{name}' means. Add a comment to the line.")
        kind, check = _annotation(line.annotation, at)
        try:
            default = ast.literal_eval(line.value)
        except ValueError:
            raise DefinitionError(f"{at} computes '{name}'. A parameter is a plain value.") from None
        parameters[name] = Parameter(name, kind, default, meanings[line.end_lineno], check)
    return parameters


def _annotation(annotation: ast.expr, at: str) -> tuple[str, Check]:
    written = ast.unparse(annotation)
    if written in TYPES:
        return written, Check()
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Literal":
        choices = ast.literal_eval(annotation.slice)
        choices = choices if isinstance(choices, tuple) else (choices,)
        kinds = {type(choice).__name__ for choice in choices}
        if len(kinds) == 1 and kinds <= {"str", "int"}:
            return kinds.pop(), Check(choices=choices)
    raise DefinitionError(f"{at} has the type {written}. Use one of: {', '.join(TYPES)}, Literal[...].")


def _parameters_cell(notebook: Path) -> str:
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError, TypeError):
        raise DefinitionError(f"{notebook.name} is not a notebook. Save it again from JupyterLab.") from None
    tagged = [cell for cell in cells if "parameters" in cell.get("metadata", {}).get("tags", [])]
    code = [cell for cell in tagged if cell["cell_type"] == "code"]
    if len(code) != 1 or len(tagged) != 1:
        raise DefinitionError(
            f"{notebook.name} must have exactly one code cell tagged 'parameters', but has {len(tagged)}. "
            "Set the tag in JupyterLab's property inspector."
        )
    return "".join(code[0]["source"])


def _read_settings(file: Path) -> dict[str, Any]:
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{file.name} is not TOML: {error}.") from None
    for key, value in settings.items():
        if key not in FILE_KEYS:
            raise DefinitionError(
                f"{file.name} has no setting '{key}'. "
                f"{did_you_mean(key, list(FILE_KEYS))}It has: {', '.join(FILE_KEYS)}."
            )
        if not isinstance(value, str if key in ("notebook", "schedule") else dict):
            raise DefinitionError(
                f"{file.name}: {key} must be {'text' if key in ('notebook', 'schedule') else 'a table'}."
            )
    return settings


def _check(given: Any, parameter: Parameter, where: str) -> Check:
    if not isinstance(given, dict):
        raise DefinitionError(f"{where} must be a table with some of: {', '.join(CHECK_KEYS)}.")
    for key in given:
        if key not in CHECK_KEYS:
            raise DefinitionError(
                f"{where} has no check '{key}'. {did_you_mean(key, list(CHECK_KEYS))}It has: {', '.join(CHECK_KEYS)}."
            )
    kind = given.get("kind")
    if kind is not None and (kind not in KINDS or parameter.type not in ("str", "list[str]")):
        raise DefinitionError(f"{where} cannot have the kind '{kind}'. Texts can have one of: {', '.join(KINDS)}.")
    if ("minimum" in given or "maximum" in given) and parameter.type not in ("int", "float"):
        raise DefinitionError(f"{where} sets a limit, but {parameter.name} is not a number.")
    if "choices" in given:
        given = given | {"choices": tuple(given["choices"])}
    return replace(parameter.check, **given)


def _text(given: Any, where: str) -> Text:
    if (
        not isinstance(given, dict)
        or set(given) != set(LANGUAGES)
        or not all(isinstance(v, str) for v in given.values())
    ):
        raise DefinitionError(f'{where} must be written {{ da = "…", en = "…" }}.')
    return Text(**given)


def _known(parameters: dict[str, Parameter], name: str, owner: str) -> Parameter:
    if name not in parameters:
        known = sorted(parameters)
        has = f"It has: {', '.join(known)}." if known else "It has none."
        raise DefinitionError(f"{owner} has no parameter '{name}'. {did_you_mean(name, known)}{has}")
    return parameters[name]
