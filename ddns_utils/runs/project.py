"""Where a project keeps its analyses: notebooks, parameter files and outputs."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from ddns_utils.errors import DefinitionError, did_you_mean


@dataclass(frozen=True)
class Project:
    """A folder with ``pyproject.toml`` and ``notebooks/``."""

    root: Path

    @property
    def is_there(self) -> bool:
        """Whether the folder is a project."""
        return (self.root / "pyproject.toml").is_file() and (self.root / "notebooks").is_dir()

    @property
    def outputs(self) -> Path:
        """Where runs and the site are kept."""
        return self.root / "outputs"

    @property
    def analyses(self) -> list[str]:
        """Names that can be run: every notebook, and every parameter file that names the notebook it is for."""
        notebooks = {file.stem for file in (self.root / "notebooks").glob("*.ipynb")}
        files = (self.root / "parameters").glob("*.toml")
        named = {file.stem for file in files if re.search(r"^notebook\s*=", file.read_text(encoding="utf-8"), re.M)}
        return sorted(notebooks | named)

    def require_analysis(self, name: str) -> str:
        """Return ``name`` if there is such an analysis; DefinitionError with the nearest one otherwise."""
        if name not in self.analyses or not re.fullmatch(r"\w+", name):
            known = f"There are: {', '.join(self.analyses)}." if self.analyses else "The folder notebooks is empty."
            raise DefinitionError(f"There is no analysis '{name}'. {did_you_mean(name, self.analyses)}{known}")
        return name

    def parameter_file(self, analysis: str) -> Path:
        """The file with an analysis' schedule, parameters and checks; it need not exist."""
        return self.root / "parameters" / f"{analysis}.toml"


def find_project() -> Project:
    """The project in DDNS_PROJECT, else the nearest one above the working directory; DefinitionError if none."""
    here = Path(os.environ.get("DDNS_PROJECT") or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if Project(folder).is_there:
            return Project(folder)
    raise DefinitionError(
        f"{here} is not in a project: no folder above it has pyproject.toml and notebooks. "
        "Go to the project, or let DDNS_PROJECT name its folder."
    )
