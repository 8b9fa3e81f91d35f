"""The commands. Imports stand inside them, so that `--help` is quick."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from desk_sync.cli import subscription_data
from desk_sync.cli.explain import explain
from desk_sync.cli.notify import notify_app
from desk_sync.cli.output import DryRunOption, JsonFlag, PortalOption, emit, say, table
from desk_sync.cli.review import review_app
from desk_sync.cli.simulate import simulate

if TYPE_CHECKING:
    from desk_sync.errors import Problem
    from desk_sync.ports.tickets import ParkedTicket

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Keeps every ticket of a Zoho Desk portal in the state that the support programme says it should be in.",
)
mappings_app = typer.Typer(no_args_is_help=True, help="The mapping file: Desk's vocabulary and your policy.")
subscriptions_app = typer.Typer(no_args_is_help=True, help="The subscription data: what each account has bought.")
parked_app = typer.Typer(no_args_is_help=True, help="Tickets that were taken out of the queue.")
db_app = typer.Typer(no_args_is_help=True, help="The database.")
app.add_typer(mappings_app, name="mappings")
app.add_typer(subscriptions_app, name="subscriptions")
subscriptions_app.add_typer(review_app, name="review")
subscriptions_app.command("import")(subscription_data.import_accounts)
subscriptions_app.command()(subscription_data.pull)
subscriptions_app.command()(subscription_data.status)
subscriptions_app.command()(subscription_data.lookup)
app.add_typer(parked_app, name="parked")
app.add_typer(db_app, name="db")
app.add_typer(notify_app, name="notify")
app.command()(explain)
app.command()(simulate)

MappingOption = Annotated[str, typer.Option("--mapping", help="A shipped mapping, or the path of one.")]


def _instant(text: str) -> datetime:
    """An instant with its zone. Raises BadParameter."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text}: not a time as ISO 8601 writes it") from None
    if instant.tzinfo is None:
        raise typer.BadParameter(f"{text}: in which zone? Z is UTC")
    return instant.astimezone(UTC)


@app.command()
def demo(
    accounts: Annotated[Path | None, typer.Option(help="Account file; default: the sample.")] = None,
    har: Annotated[Path | None, typer.Option(help="Write every HTTP exchange to this HTTP Archive.")] = None,
    database: Annotated[str | None, typer.Option(help="An empty database; default: a fresh SQLite file.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Watch tickets of large accounts become S1-Critical: broker, simulated Desk, receiver, worker and beat."""
    from desk_sync.cli import demo as show

    report = show.run(accounts, har=har, database=database)
    emit(report) if as_json else show.tell(report)
    if problem := show.problem(report):
        sys.exit(f"error: {problem}")


@app.command()
def simulator(
    port: Annotated[int, typer.Option(help="0: any free port.")] = 0,
    accounts: Annotated[Path | None, typer.Option(help="Account file whose partners become Desk accounts.")] = None,
    deliver_to: Annotated[str | None, typer.Option(help="URL that signed events are posted to.")] = None,
    har: Annotated[Path | None, typer.Option(hidden=True)] = None,
    as_json: JsonFlag = False,
) -> None:
    """Run the simulated Zoho Desk alone, until it is interrupted."""
    import orjson

    from desk_sync.simulated_desk import server

    def announce(facts: dict[str, str]) -> None:
        say(orjson.dumps(facts).decode() if as_json else "\n".join(f"{key}: {value}" for key, value in facts.items()))
        sys.stdout.flush()

    server.serve(port=port, accounts=accounts, deliver_to=deliver_to, har=har, announce=announce)


@app.command()
def decide(
    accounts: Annotated[Path, typer.Option(help="Account file.")],
    mapping: MappingOption = "partner_support",
    as_json: JsonFlag = False,
) -> None:
    """Decide for every account of a file whether it is a large user account: no Desk, no database."""
    from desk_sync.adapters.mapping import file as mapping_file
    from desk_sync.adapters.subscriptions.account_file import read_accounts
    from desk_sync.domain.account.entitlement import entitle_each

    file = read_accounts(accounts)
    _warn(file.warnings)
    decided: list[dict[str, Any]] = [
        {
            "account_id": account.account_id,
            "decision": found.verdict,
            "licences_counted": found.licences,
            "reasons": [str(reason) for reason in found.reasons],
        }
        for account, found in entitle_each(file.accounts, mapping_file.load(mapping).policy.licences)
    ]
    if as_json:
        emit({"accounts": decided})
    else:
        rows = [[d["account_id"], d["decision"], str(d["licences_counted"]), d["reasons"][-1]] for d in decided]
        table(["account", "decision", "licences", "reason"], rows)


@app.command()
def calendar(file: Path) -> None:
    """When clocks run out, and how much time has counted, for the calendars in a file of questions; prints JSON."""
    from desk_sync.adapters.mapping import calendar_questions as calendar_file

    emit(calendar_file.answer(calendar_file.read(file)))


@app.command()
def intake(
    files: Annotated[list[str], typer.Argument(help="Mails: .eml, or headers, an empty line and the text.")],
    as_json: JsonFlag = False,
) -> None:
    """Read mails: whose ticket is it, and what does the template say? No Desk, no database."""
    from desk_sync.adapters.mail.facts import document
    from desk_sync.adapters.mail.read import read_mail

    read: list[dict[str, Any]] = []
    for file in files:
        try:
            read.append({"file": file} | document(read_mail(Path(file).read_bytes())))
        except OSError as error:
            read.append({"file": file, "error": error.strerror})
            typer.echo(f"error: {file}: {error.strerror}", err=True)
    if as_json:
        emit({"files": read})
    else:
        for mail in read:
            say("\n".join(f"{key}: {value}" for key, value in mail.items() if value not in (None, [])) + "\n")
    raise typer.Exit(1 if any("error" in mail for mail in read) else 0)


@app.command()
def replay(ticket_ids: list[str], portal: PortalOption = None) -> None:
    """Look at tickets again, whatever their events say; parked ones too."""
    from desk_sync import wiring

    with wiring.open_app() as desk_sync:
        marked = desk_sync.tickets(desk_sync.chosen(portal)).look_now(ticket_ids, now=wiring.now())
    say(f"{marked} marked; the worker looks at them within seconds")


@app.command()
def sweep(
    since: Annotated[
        datetime | None,
        typer.Option(parser=_instant, metavar="ISO", help="Everything modified since; such as 2026-11-01T00:00Z."),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="The last three days, as every night.")] = False,
    escalate: Annotated[
        bool, typer.Option("--escalate", help="With --since: what was broken since then sets off escalations, too.")
    ] = False,
    portal: PortalOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Ask Desk which tickets were modified, and look at those that no delivery told of; by itself every 3 minutes."""
    from dataclasses import asdict

    from desk_sync import wiring
    from desk_sync.ports.sweeps import SweepKind

    if since and full:
        raise typer.BadParameter("--since and --full are two different sweeps")
    if escalate and not since:
        raise typer.BadParameter("--escalate needs --since: from when on?")
    with wiring.open_app() as desk_sync:
        if since and escalate:
            desk_sync.facts(desk_sync.chosen(portal)).activate(since)
        service = desk_sync.sweep(desk_sync.chosen(portal))
        swept = service.run_since(since) if since else service.run(SweepKind.FULL if full else SweepKind.RECENT)
    if as_json:
        emit(asdict(swept))
    else:
        say(f"{swept.seen} tickets modified since {swept.since:%F %T}Z; {swept.marked} of them to look at")


@app.command()
def serve(
    port: Annotated[int, typer.Option()] = 8080,
    host: Annotated[str, typer.Option(help="Stay on loopback behind a proxy that ends TLS.")] = "127.0.0.1",
    har: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Receive Desk's webhooks at /webhooks/desk/default, or under the name of each portal of the mapping."""
    from desk_sync.web import server

    server.serve(host=host, port=port, har=har)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def worker(context: typer.Context) -> None:
    """Run a Celery worker; further options go to Celery."""
    _become_celery("worker", "--without-gossip", "--without-mingle", *context.args)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def beat(context: typer.Context) -> None:
    """Run Celery beat, which only rings; further options go to Celery."""
    _become_celery("beat", *context.args)


@mappings_app.command()
def check(file: Path, as_json: JsonFlag = False) -> None:
    """Find every mistake in a mapping file, each with its line and column."""
    from dataclasses import asdict

    from desk_sync.adapters.mapping import file as mapping_file

    problems = mapping_file.check(file)
    if as_json:
        emit({"ok": not problems, "problems": [asdict(problem) for problem in problems]})
    else:
        _point(replace(problem, file=str(file)) for problem in problems)
        say(f"{file}: {len(problems)} problems" if problems else f"{file}: in order")
    raise typer.Exit(1 if problems else 0)


@mappings_app.command()
def schema() -> None:
    """Print the JSON Schema of the mapping file, for editors."""
    import json

    from desk_sync.adapters.mapping import file as mapping_file

    say(json.dumps(mapping_file.schema(), indent=2, ensure_ascii=False))


@parked_app.command("list")
def list_parked(portal: PortalOption = None, as_json: JsonFlag = False) -> None:
    """The tickets that were parked, why, and how many events have come in for them since."""
    from dataclasses import asdict

    from desk_sync import wiring

    with wiring.open_app() as desk_sync:
        rows = desk_sync.tickets(desk_sync.chosen(portal)).parked()
    if as_json:
        emit({"parked": [asdict(row) for row in rows]})
    else:
        told = [[row.ticket_id, f"{row.parked_at:%F %T}Z", str(row.events), row.error] for row in rows]
        table(["ticket", "parked at", "new events", "error"], told)


@parked_app.command()
def retry(
    ticket_ids: Annotated[list[str] | None, typer.Argument()] = None,
    every: Annotated[bool, typer.Option("--all", help="All that are parked.")] = False,
    portal: PortalOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Put parked tickets back into the queue: they are looked at within seconds, with new attempts."""
    if bool(ticket_ids) == every:
        raise typer.BadParameter("name the tickets, or say --all")
    from desk_sync import wiring

    with wiring.open_app() as desk_sync:
        parking = desk_sync.parking(desk_sync.chosen(portal))
        chosen = parking.choose(ticket_ids)
        if not dry_run:
            parking.retry(chosen)
    _tell_moved(chosen, "put back into the queue", dry_run=dry_run)


@parked_app.command()
def drop(ticket_ids: list[str], portal: PortalOption = None, dry_run: DryRunOption = False) -> None:
    """End parked tickets for good: no event brings them back; `explain` keeps when and why, `replay` undoes it."""
    from desk_sync import wiring

    with wiring.open_app() as desk_sync:
        parking = desk_sync.parking(desk_sync.chosen(portal))
        chosen = parking.choose(ticket_ids)
        if not dry_run:
            parking.drop(chosen)
    _tell_moved(chosen, "dropped", dry_run=dry_run)


@db_app.command()
def upgrade() -> None:
    """Create the database, or bring it to this version's schema."""
    from desk_sync import wiring

    with wiring.open_app() as desk_sync:
        say(desk_sync.upgrade())


@app.command()
def doctor(
    online: Annotated[bool, typer.Option(help="Ask Desk too: two credits for each portal.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Check everything that has to be right: settings, database, clocks, Redis, worker, backlog, data, keys."""
    from dataclasses import asdict

    from desk_sync import checks, wiring
    from desk_sync.adapters.store.engine import INGEST_TIMEOUT
    from desk_sync.services.health import check_all

    with wiring.open_app(timeout=INGEST_TIMEOUT) as desk_sync:
        found = check_all(checks.every(desk_sync, online=online))
    ok = all(check.ok for check in found)
    if as_json:
        emit({"ok": ok, "checks": [asdict(check) for check in found]})
    else:
        rows = [[check.name, "ok" if check.ok else "WRONG", check.what] for check in found]
        table(["check", "", "found"], rows)
        for check in found:
            if check.hint:
                say(f"hint: {check.name}: {check.hint}")
    raise typer.Exit(0 if ok else 1 if all(check.reached for check in found) else 4)


def _tell_moved(chosen: Sequence[ParkedTicket], what: str, *, dry_run: bool) -> None:
    for parked in chosen:
        say(f"{parked.ticket_id}: {parked.error}")
    say(f"{len(chosen)} {'would be ' if dry_run else ''}{what}")


def _become_celery(command: str, *options: str) -> None:
    """Turn this process into Celery, so that signals and process ids stay what they are."""
    from desk_sync import settings

    level = settings.load().log_level
    celery = [sys.executable, "-m", "celery", "-A", "tasks", command, "--loglevel", level, *options]
    # Each drain has threads of its own, and glibc would give each a heap of its own, which then holds what was free.
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    sys.stdout.flush()
    os.execv(sys.executable, celery)  # noqa: S606


def _warn(problems: Iterable[Problem]) -> None:
    _point([replace(problem, message=f"warning: {problem.message}") for problem in problems])


def _point(problems: Iterable[Problem]) -> None:
    """Each problem as file:line:column: where: what, to stderr."""
    for problem in problems:
        typer.echo(str(problem), err=True)
