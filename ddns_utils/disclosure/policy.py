"""What counts as small. The data owner decides it in a file; the code has no rule of its own."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from ddns_utils.errors import DefinitionError

FILE = Path("parameters") / "disclosure.toml"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The data owner's rules.

    ``threshold``: counts from 1 up to, not including, it are small. ``zeros_are_safe``: False makes 0 small too.
    ``protect_complements``: a small ``of - n`` of a proportion counts as small. ``minimum_denominator``: a value
    with fewer in its denominator is not shown. ``persons_per_value``: quantiles, extremes and steps of curves rest on
    at least as many persons each. ``persons_per_coefficient`` and ``residual_degrees``: a model that is shown has at
    least as many persons for each coefficient, and as many degrees of freedom left. ``release_required``: only runs
    that somebody has released reach the site.
    """

    owner: str
    threshold: int
    zeros_are_safe: bool
    protect_complements: bool
    minimum_denominator: int
    persons_per_value: int
    persons_per_coefficient: int
    residual_degrees: int
    release_required: bool

    def __post_init__(self) -> None:
        kinds = {"str": str, "int": int, "bool": bool}
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not kinds[str(field.type)]:
                raise DefinitionError(f"A disclosure policy needs {field.name} as {field.type}, but it is {value!r}.")
        if self.threshold < 2:
            raise DefinitionError(
                f"A disclosure policy needs a threshold of 2 or more, but it is {self.threshold}. Write 5 to hide 1-4."
            )

    @classmethod
    def read(cls, path: Path | None = None) -> Policy:
        """Read a policy file; without a path, ``parameters/disclosure.toml`` here or in a folder above.

        Raises DefinitionError when there is no file, or a setting is missing, unknown or of the wrong type.
        """
        path = path or _nearest()
        if not path.is_file():
            raise DefinitionError(
                f"There is no disclosure policy {path}. The data owner's rules are needed to publish."
            )
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
        names = [field.name for field in fields(cls)]
        missing, unknown = sorted(set(names) - set(settings)), sorted(set(settings) - set(names))
        if missing or unknown:
            raise DefinitionError(
                f"{path.name} must set {', '.join(names)}. Missing: {', '.join(missing) or 'none'}. "
                f"Unknown: {', '.join(unknown) or 'none'}."
            )
        return cls(**settings)


def _nearest() -> Path:
    for start in (Path.cwd(), Path(__file__).resolve().parent):
        for folder in (start, *start.parents):
            if (folder / FILE).is_file():
                return folder / FILE
    return FILE
