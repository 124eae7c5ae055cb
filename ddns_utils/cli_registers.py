"""Commands of ``ddns`` about the registers themselves: what they hold, what was delivered, which versions are kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ddns_utils.errors import DataError

if TYPE_CHECKING:
    from ddns_utils.snapshot import Snapshot

REGISTERS = click.option(
    "--registers", type=click.Path(path_type=Path), help="The store to use instead of DDNS_REGISTERS or ./registers."
)
DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@REGISTERS
@click.option("--deliveries", is_flag=True, help="Show what came from whom and when, who is silent, what is overdue.")
@click.option("--source", help="With --deliveries: one source, such as 'KL Gateway' or LMDB.")
@click.option("--sender", help="With --deliveries: one sender, a municipality by its code.")
@click.option("--from", "first", type=DAY, help="With --deliveries: first day; a week before the last unless told.")
@click.option("--to", "last", type=DAY, help="With --deliveries: last day; the last with a delivery unless told.")
def registers(
    registers: Path | None,
    deliveries: bool,
    source: str | None,
    sender: str | None,
    first: datetime | None,
    last: datetime | None,
) -> None:
    """Show what the registers hold, or what was delivered."""
    from ddns_utils.registers import LAND_FIRST, open_registers
    from ddns_utils.snapshot import overview

    opened = open_registers(registers)
    snapshot = opened.snapshot()
    if deliveries:
        _show_deliveries(snapshot, source, sender, first and first.date(), last and last.date())
        return
    if source or sender or first or last:
        raise click.UsageError("--source, --sender, --from and --to choose among deliveries. Add --deliveries.")
    if not snapshot.version:
        raise DataError(f"There are no registers in {opened.path}. {LAND_FIRST}")
    from ddns_utils.progress import show_table

    show_table(
        f"{opened.path}, version {snapshot.version}",
        ["table", "rows", "persons", "first day", "last day", "version"],
        [list(line.values()) for line in overview(snapshot)],
    )


def _show_deliveries(
    snapshot: Snapshot, source: str | None, sender: str | None, first: date | None, last: date | None
) -> None:
    from ddns_utils import deliveries
    from ddns_utils.progress import show_table

    found = deliveries.days(snapshot, source, sender)
    last = last or max(found["received_on"])
    first = first or last - timedelta(days=6)
    if last < first:
        raise click.UsageError(f"--to {last} is before --from {first}.")
    show_table(
        f"Senders as of {last}",
        ["source", "sender", "last received", "days since", "usual gap", "state", "late months", "overdue months"],
        [
            [*list(vars(seen).values())[:-2], " ".join(seen.late), " ".join(seen.overdue)]
            for seen in deliveries.senders(found, last)
        ],
    )
    if source in (None, deliveries.KL_GATEWAY) and not sender and (never := deliveries.never_delivered(snapshot)):
        click.echo(f"Nothing has ever come from {len(never)} municipalities: {', '.join(never)}.")
    show_table(
        f"Deliveries {first} to {last}",
        ["source", "sender", "from", "to", "state", "files", "refused", "read", "kept", "quarantined", "superseded"],
        [list(vars(line).values()) for line in deliveries.lines(found, first, last)],
    )
    refused = deliveries.refusals(snapshot, found, first, last)
    if len(refused):
        show_table("Files refused", ["source", "sender", "day", "file", "why"], refused.to_numpy().tolist())


@click.command("drop-versions")
@click.option("--before", type=DAY, required=True, help="Keep the versions that stood on this day or later.")
@click.option("--dry-run", is_flag=True, help="Only say what would be dropped and freed.")
@click.option(
    "--project",
    "others",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True,
    help="A further project that runs analyses of these registers.",
)
@REGISTERS
def drop_versions(before: datetime, dry_run: bool, others: tuple[Path, ...], registers: Path | None) -> None:
    """Drop old versions of the registers and free their files, except those that runs or releases name.

    The runs are those of this project and of every --project. A version that is dropped cannot be had again.
    """
    from ddns_utils.disclosure.ledger import ledger_of
    from ddns_utils.old_versions import drop_versions as drop
    from ddns_utils.registers import open_registers
    from ddns_utils.runs.needed import needed_versions
    from ddns_utils.runs.project import Project, find_project

    projects = [find_project(), *map(Project, others)]
    if missing := next((project.root for project in projects if not project.is_there), None):
        raise click.UsageError(f"{missing} is no project: it has no pyproject.toml and notebooks.")
    opened = open_registers(registers)
    needed = needed_versions(projects, ledger_of(opened))
    for line in drop(opened, before.date(), needed, dry_run).lines(dry_run):
        click.echo(line)
