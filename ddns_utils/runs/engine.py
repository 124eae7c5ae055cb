"""A papermill engine that records the truth: the cell that did not finish is failed, and later ones are pending.

papermill's own marks every cell completed when the kernel dies or a cell runs out of time, takes ``sys.exit(0)`` for
success, and writes the whole notebook twice a cell.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import papermill
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from traitlets.config import Config

STOPPED = {
    DeadKernelError: "The kernel died. It may have used all memory.",
    CellTimeoutError: "The time for the whole notebook is used up.",
    KeyboardInterrupt: "The run was stopped.",
}


class OwnKernel(AsyncKernelManager):
    """A kernel on this interpreter, whatever kernel the notebook names, reached without opening a port."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """This interpreter's kernel."""
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], language="python"
        )


class CellError(Exception):
    """A cell did not finish. ``index`` counts from 0 in ``notebook``, which holds everything up to it."""

    def __init__(self, notebook: NotebookNode, index: int, reason: str) -> None:
        super().__init__(reason)
        self.notebook = notebook
        self.index = index
        self.reason = reason


class Client(PapermillNotebookClient):
    """Runs the cells in order and stops at the first that does not finish."""

    on_start: Callable[[int, int], None]

    def papermill_execute_cells(self) -> None:
        """Run every cell; one that does not finish is marked failed, and CellError is raised."""
        for index, cell in enumerate(self.nb.cells):
            self.on_start(index, len(self.nb.cells))
            self.nb_man.cell_start(cell, index)
            try:
                self.execute_cell(cell, index)
            except CellExecutionError as error:
                self._stop(index, error.ename, error.evalue)
            except tuple(STOPPED) as error:
                self._stop(index, type(error).__name__, STOPPED[type(error)])
            self.nb_man.cell_complete(self.nb.cells[index], index)

    def _stop(self, index: int, name: str, words: str) -> NoReturn:
        cell = self.nb.cells[index]
        if not any(output.output_type == "error" for output in cell.outputs):
            cell.outputs.append(new_output("error", ename=name, evalue=words, traceback=[]))
        self.nb_man.cell_exception(cell, index)
        self.nb_man.cell_complete(cell, index)
        raise CellError(self.nb, index, f"{name}: {words}" if words else name)


class TruthfulEngine(NBClientEngine):
    """The engine registered with papermill as ``ddns``."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        env: dict[str, str],
        folder: str,
        seconds: float,
        on_start: Callable[[int, int], None],
        **_: object,
    ) -> None:
        """Execute in a fresh kernel, within ``seconds`` for the whole notebook."""
        end = time.monotonic() + seconds
        with tempfile.TemporaryDirectory(prefix="ddns-", ignore_cleanup_errors=True) as private:
            client = Client(
                nb_man,
                kernel_name=kernel_name,
                kernel_manager_class=OwnKernel,
                config=Config(OwnKernel=_connection(private)),
                timeout_func=lambda cell: max(1, int(end - time.monotonic())),
                shutdown_kernel="immediate",
                force_raise_errors=True,
                store_widget_state=False,
            )
            client.on_start = on_start
            # What the killed kernel leaves of what it spilled goes with the folder.
            client.execute(env=env | {"IPYTHONDIR": private, "TMPDIR": private}, cwd=folder)


def _connection(folder: str) -> Config:
    settings = {"connection_file": f"{folder}/kernel.json"}
    return Config(settings | ({"transport": "ipc", "ip": f"{folder}/k"} if os.name == "posix" else {}))


papermill_engines.register("ddns", TruthfulEngine)


def execute(
    notebook: NotebookNode,
    parameters: dict[str, Any],
    *,
    env: dict[str, str],
    folder: Path,
    seconds: float,
    on_start: Callable[[int, int], None],
) -> NotebookNode:
    """The notebook with its outputs, run with ``parameters`` in a kernel of its own. Nothing is written.

    ``on_start`` is told the index of each cell that starts and the number of cells. Raises CellError.
    """
    done = papermill.execute_notebook(
        notebook,
        None,
        parameters,
        engine_name="ddns",
        kernel_name="python3",
        language="python",
        progress_bar=False,
        request_save_on_cell_execute=False,
        seconds=seconds,
        on_start=on_start,
        env=env,
        folder=str(folder),
    )
    return done
