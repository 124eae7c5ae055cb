"""The command ``ddns``. Every command imports what it needs when it runs, so that a wrong word is answered at once."""

from __future__ import annotations

import shlex
import shutil
import signal
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ddns_utils.cli_registers import REGISTERS, drop_versions, registers
from ddns_utils.errors import DdnsError, RunError

if TYPE_CHECKING:
    from ddns_utils.disclosure.ledger import Ledger
    from ddns_utils.runs.folders import RunFolder

NOTICE = "notice.txt"  # what a delivery folder may tell the readers of every report


class Commands(click.Group):
    """Prints the message of an error that a user can act on, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a run that did not finish exits with 1, anything else that is wrong with 2."""
        try:
            return super().invoke(ctx)
        except DdnsError as error:
            click.echo(str(error), err=True)
            ctx.exit(1 if isinstance(error, RunError) else 2)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("ddns_utils"), message="ddns %(version)s")
def main() -> None:
    """Analytics of care outside hospitals: deliveries in, registers, analyses, reports out."""


main.add_command(registers)
main.add_command(drop_versions)


@main.command()
@click.option("--citizens", type=click.IntRange(min=1), required=True, help="Number of citizens.")
@click.option("--years", type=click.IntRange(min=1), required=True, help="Number of years with events.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same citizens.")
@click.option("--to", type=click.Path(path_type=Path), default=Path("deliveries"), show_default=True, help="Folder.")
def synthesize(citizens: int, years: int, seed: int, to: Path) -> None:
    """Make a Denmark that does not exist, as deliveries in the real formats."""
    from ddns_utils.progress import Progress
    from ddns_utils.synthetic import synthesize as make

    with Progress() as progress:
        make(to, citizens=citizens, years=years, seed=seed, on_progress=progress.step)
    click.echo(f"Made-up deliveries are in {to}. Land them with: ddns intake {to}")


@main.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path), required=False)
@REGISTERS
@click.option("--retry-quarantine", is_flag=True, help="Then land the rows in quarantine that have become valid.")
@click.option(
    "--new-key",
    is_flag=True,
    help="Accept another key: the registers are emptied, and every delivery has to come again.",
)
@click.option(
    "--replaces",
    multiple=True,
    metavar="REGISTER=PERIOD",
    help="PATH has all rows of a period of SSSY, LMDB or LAB, such as LMDB=2025Q1: they replace what came before.",
)
def intake(
    path: Path | None, registers: Path | None, retry_quarantine: bool, new_key: bool, replaces: tuple[str, ...]
) -> None:
    """Land the deliveries in PATH, a file or a folder. Exits with 1 if one of them is refused."""
    if path is None and (new_key or replaces or not retry_quarantine):
        raise click.UsageError("Give the file or folder to land, or --retry-quarantine.")
    from ddns_utils.intake import change_key, land, read_replacements
    from ddns_utils.intake import retry_quarantine as retry
    from ddns_utils.progress import Progress
    from ddns_utils.registers import open_registers

    periods = read_replacements(replaces)
    opened = open_registers(registers)
    if new_key:
        change_key(opened)
    report = None
    if path:
        with Progress() as progress:
            report = land(path, opened, on_progress=progress.step, replaces=periods)
        if (path / NOTICE).is_file():
            shutil.copyfile(path / NOTICE, opened.path / NOTICE)
        for line in report.lines():
            click.echo(line)
    if retry_quarantine:
        for line in retry(opened).lines():
            click.echo(line)
    if report and report.failed:
        raise click.exceptions.Exit(1)


@main.command()
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Give a parameter another value.")
@REGISTERS
def run(names: tuple[str, ...], settings: tuple[str, ...], registers: Path | None) -> None:
    """Run analyses, each into a new folder under outputs. Without a name: show what there is and what it takes."""
    from ddns_utils.runs.contract import read_contract, split_settings
    from ddns_utils.runs.project import find_project

    project = find_project()
    if not names:
        for name in project.analyses:
            click.echo(name)
            for one in read_contract(project, name).parameters.values():
                click.echo(f"  --set {shlex.quote(f'{one.name}={one.default}')}  {one.meaning}")
        return
    given = split_settings(settings)
    contracts = [read_contract(project, name) for name in dict.fromkeys(names)]
    chosen = [(contract, contract.values(given)) for contract in contracts]

    from ddns_utils.disclosure.ledger import ledger_of
    from ddns_utils.progress import Progress
    from ddns_utils.publish.checker import build_pack
    from ddns_utils.publish.page import report
    from ddns_utils.registers import open_registers
    from ddns_utils.runs.running import plan
    from ddns_utils.runs.running import run as carry_out

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    opened = open_registers(registers)
    snapshot = opened.snapshot()
    plans = [plan(project, contract, values, snapshot) for contract, values in chosen]
    failures = []
    for planned in plans:
        name = planned.contract.analysis
        try:
            with Progress() as progress:
                folder = carry_out(project, planned, report, partial(progress.step, name))
        except RunError as error:
            failures.append(str(error))
            click.echo(str(error), err=True)
        else:
            click.echo(f"{name}: {folder.path.relative_to(project.root) / 'report.html'}")
            build_pack(project, folder, ledger_of(opened))
    if failures:
        raise click.exceptions.Exit(1)


@main.command()
@click.argument("person")
@click.option("--disease", "diseases", multiple=True, help="A disease by its id; all that the person has unless told.")
@click.option("--indicator", help="An indicator by its id, with --period.")
@click.option("--period", help="The period of --indicator, such as 2025 or 2025Q1.")
@click.option("--language", type=click.Choice(["da", "en"]), default="da", show_default=True, help="Of the words.")
@REGISTERS
def explain(
    person: str,
    diseases: tuple[str, ...],
    indicator: str | None,
    period: str | None,
    language: str,
    registers: Path | None,
) -> None:
    """Show which rows make PERSON, a pseudonym, ill by which rule, or in or out of an indicator. On a terminal only."""
    if not sys.stdout.isatty():
        raise click.UsageError("explain shows the rows of one person on a terminal, and writes to no file and no pipe.")
    from ddns_utils.explain import explain as told
    from ddns_utils.indicators import indicator_named
    from ddns_utils.period import Period
    from ddns_utils.registers import open_registers

    chosen = indicator_named(indicator) if indicator else None
    when = Period.parse(period) if period else None
    for line in told(open_registers(registers).snapshot(), person, diseases, chosen, when, language):
        click.echo(line)


@main.command()
@click.option("--language", type=click.Choice(["da", "en"]), default="da", show_default=True, help="Of the index page.")
@REGISTERS
def publish(language: str, registers: Path | None) -> None:
    """Build outputs/site from all finished runs that may leave."""
    from ddns_utils.publish.site import build_site
    from ddns_utils.runs.project import find_project

    def left_out(run: RunFolder, why: str) -> None:
        click.echo(f"Left out: {run.analysis}/{run.id}: {why}", err=True)

    index, reports = build_site(find_project(), language, _ledger(registers), left_out)
    click.echo(f"{reports} {'report' if reports == 1 else 'reports'}. Open {index}")


@main.command()
@click.argument("run")
@click.option("--language", type=click.Choice(["da", "en"]), help="Of the pack; that of the report unless told.")
@REGISTERS
def checker(run: str, language: str | None, registers: Path | None) -> None:
    """Make what whoever releases RUN must see: what it shows, on which counts, what is hidden, what was published."""
    from ddns_utils.publish.checker import build_pack, in_lines
    from ddns_utils.runs.project import find_project
    from ddns_utils.runs.release import find_run

    project = find_project()
    found = find_run(project, run)
    index, asked = build_pack(project, found, _ledger(registers), language)
    for line in in_lines(asked, language or found.record["language"]):
        click.echo(line)
    click.echo(f"Confidential. Open {index}")


@main.command()
@click.argument("run")
@click.option("--by", required=True, metavar="NAME", help="Who decides.")
@click.option("--note", default="", help="What was looked at, or why.")
@REGISTERS
def release(run: str, by: str, note: str, registers: Path | None) -> None:
    """Let RUN out: record who decided, after the guard and the comparison with what is published."""
    from ddns_utils.runs.project import find_project
    from ddns_utils.runs.release import find_run
    from ddns_utils.runs.release import release as let_out
    from ddns_utils.runs.running import owners_policy

    project = find_project()
    found = find_run(project, run)
    entry = let_out(project, found, _ledger(registers), owners_policy(project), by, note)
    tables = f"{len(entry['new'])} of its {len(entry['tables'])} tables of numbers are new to readers"
    new = f" {tables}." if entry["tables"] else ""
    click.echo(f"{found.analysis}/{found.id} is released by {by}: entry {entry['number']} of the ledger.{new}")
    click.echo("Now: ddns publish")


@main.command()
@click.argument("run")
@click.option("--by", required=True, metavar="NAME", help="Who decides.")
@click.option("--note", default="", help="Why.")
@REGISTERS
def withdraw(run: str, by: str, note: str, registers: Path | None) -> None:
    """Take RUN off the site when it is built next; that it was seen stays in the ledger."""
    from ddns_utils.runs.project import find_project
    from ddns_utils.runs.release import find_run
    from ddns_utils.runs.release import withdraw as take_back

    found = find_run(find_project(), run)
    entry = take_back(found, _ledger(registers), by, note)
    click.echo(f"{found.analysis}/{found.id} is withdrawn: entry {entry['number']} of the ledger.")
    click.echo("Now: ddns publish")


@main.command()
@click.argument("name", required=False)
@REGISTERS
def runs(name: str | None, registers: Path | None) -> None:
    """List runs, newest first, and whether they are out."""
    from ddns_utils.progress import show_table
    from ddns_utils.runs.folders import list_runs
    from ddns_utils.runs.project import find_project
    from ddns_utils.runs.release import standing

    project = find_project()
    listed = list_runs(project, project.require_analysis(name) if name else None)
    ledger = _ledger(registers)
    rows = [
        [
            run.analysis,
            run.id,
            run.status,
            standing(run, ledger),
            " ".join(f"{k}={v}" for k, v in run.record.get("parameters", {}).items()),
        ]
        for run in listed
    ]
    show_table("", ["analysis", "run", "status", "out", "parameters"], rows)


def _ledger(registers: Path | None) -> Ledger:
    from ddns_utils.disclosure.ledger import ledger_of
    from ddns_utils.registers import open_registers

    return ledger_of(open_registers(registers))


if __name__ == "__main__":
    main()
