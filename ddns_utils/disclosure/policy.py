"""What counts as small, and how it is kept. The data owner decides it in a file; the code has no rule of its own."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from ddns_utils import areas
from ddns_utils.errors import DefinitionError

FILE = Path("parameters") / "disclosure.toml"
RULES = ("cells", "groupings")
METHODS = ("suppress", "round")
_KINDS = {"str": str, "int": int, "bool": bool, "tuple[str, ...]": tuple}


@dataclass(frozen=True, kw_only=True)
class Policy:
    """The data owner's rules.

    ``threshold``: counts from 1 up to, not including, it are small, either the count itself (``rule`` "cells") or that
    of a grouping that leaves one of its variables out ("groupings"). ``zeros_are_safe``: False makes 0 small too.
    ``protect_complements``: a small ``of - n`` of a proportion counts as small. ``minimum_denominator``: a value with
    fewer in its denominator is not shown. ``hide_small_changes``: the difference to an earlier release counts too.

    ``method`` is "suppress" or "round" to multiples of ``rounding_base``. ``narrowest_interval``: how far apart the
    lowest and the highest number are, at least, that a hidden small one can be for all that is published;
    ``narrowest_sum_percent``: the same for a hidden sum of values, in per cent of it. ``dominant_percent``: a mean is
    not shown where one person makes up more than this per cent of the sum. ``singletons_know_themselves``: the only
    person in a hidden number knows it and must not find another. ``publish_first``: levels of areas, those first that
    readers need most.

    ``persons_per_value``: quantiles, extremes and steps of curves rest on at least as many persons each.
    ``persons_per_coefficient`` and ``residual_degrees``: a model that is shown has at least as many persons for each
    coefficient, and as many degrees of freedom left. ``release_required``: only runs that somebody has released reach
    the site.
    """

    owner: str
    rule: str
    threshold: int
    zeros_are_safe: bool
    protect_complements: bool
    minimum_denominator: int
    hide_small_changes: bool
    method: str
    rounding_base: int
    narrowest_interval: int
    narrowest_sum_percent: int
    dominant_percent: int
    singletons_know_themselves: bool
    publish_first: tuple[str, ...]
    persons_per_value: int
    persons_per_coefficient: int
    residual_degrees: int
    release_required: bool

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if type(value) is not _KINDS[str(field.type)]:
                raise DefinitionError(f"A disclosure policy needs {field.name} as {field.type}, but it is {value!r}.")
        for name, allowed in (("rule", RULES), ("method", METHODS)):
            if (value := getattr(self, name)) not in allowed:
                raise DefinitionError(
                    f"A disclosure policy has no {name} {value!r}. Choose one of: {', '.join(allowed)}."
                )
        for name, least, most, why in self._limits():
            if not least <= (value := getattr(self, name)) <= most:
                raise DefinitionError(
                    f"A disclosure policy needs {name} from {least} to {most}, but it is {value}. {why}"
                )
        if wrong := [level for level in self.publish_first if level not in areas.LEVELS]:
            raise DefinitionError(
                f"publish_first of a disclosure policy names the level '{wrong[0]}'. Choose among: "
                f"{', '.join(areas.LEVELS)}."
            )

    def _limits(self) -> tuple[tuple[str, int, int, str], ...]:
        """(setting, least, most, why) of every number."""
        many = 1000
        rounds = self.method == "round"
        told = self.threshold - 1 - self.zeros_are_safe
        return (
            ("threshold", 2 + self.zeros_are_safe, many, "Write 5 to hide 1-4."),
            ("minimum_denominator", 0, many, "Write 0 to show values of any."),
            ("persons_per_value", 1, many, "Write 5 for at least five persons."),
            ("persons_per_coefficient", 1, many, "Write 10 for at least ten persons."),
            ("residual_degrees", 0, many, "Write 0 to allow saturated models."),
            ("rounding_base", self.threshold if rounds else 0, many if rounds else 0,
             "A base of at least the threshold hides what is small; write 0 if nothing is rounded."),
            ("narrowest_interval", 1, told, f"Whoever reads '<{self.threshold}' knows it to within {told} already."),
            ("dominant_percent", 1, 100, "Write 100 to allow any share."),
            ("narrowest_sum_percent", 0, 100, "Write 0 to protect sums from being worked out exactly, and no more."),
        )  # fmt: skip

    @classmethod
    def read(cls, path: Path | None = None) -> Policy:
        """Read a policy file; without a path, ``parameters/disclosure.toml`` here or in a folder above.

        Raises DefinitionError when there is no file, or a setting is missing, unknown, of the wrong type or impossible.
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
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()})


def _nearest() -> Path:
    for start in (Path.cwd(), Path(__file__).resolve().parent):
        for folder in (start, *start.parents):
            if (folder / FILE).is_file():
                return folder / FILE
    return FILE
