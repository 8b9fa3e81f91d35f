"""The commands. They import what they need inside their functions, so that `--help` is fast."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from desk_sync.cli import subscription_data
from desk_sync.cli.database import adopt, db_app, installation_app, parse_instant, portal_app
from desk_sync.cli.explain.command import explain
from desk_sync.cli.notify import notify_app
from desk_sync.cli.output import DryRunOption, JsonFlag, PortalOption, emit, print_held_back, print_line, table, warn
from desk_sync.cli.review.command import review_app
from desk_sync.cli.simulate import simulate, simulator
from desk_sync.cli.texts.preview import texts_app

if TYPE_CHECKING:
    from desk_sync.errors import Problem
    from desk_sync.ports.tickets import ParkedTicket

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Keeps every ticket of a Zoho Desk portal in the state that the support programme requires.",
)
mappings_app = typer.Typer(no_args_is_help=True, help="The mapping file: Desk's vocabulary and your policy.")
subscriptions_app = typer.Typer(no_args_is_help=True, help="The subscription data: what each account has bought.")
parked_app = typer.Typer(no_args_is_help=True, help="Tickets taken out of the queue until a person acts.")
app.add_typer(mappings_app, name="mappings")
app.add_typer(subscriptions_app, name="subscriptions")
app.add_typer(review_app, name="review")
subscriptions_app.add_typer(review_app, name="review")
subscriptions_app.command("import")(subscription_data.import_accounts)
subscriptions_app.command()(subscription_data.pull)
subscriptions_app.command()(subscription_data.status)
subscriptions_app.command()(subscription_data.lookup)
app.add_typer(parked_app, name="parked")
app.add_typer(db_app, name="db")
app.add_typer(portal_app, name="portal")
app.add_typer(notify_app, name="notify")
app.add_typer(texts_app, name="texts")
app.command()(adopt)
app.add_typer(installation_app, name="installation")
app.command()(explain)
app.command()(simulate)
app.command()(simulator)

SimulatedSource = Literal["billing", "store", "mail"]
MappingOption = Annotated[str, typer.Option("--mapping", help="A shipped mapping, or the path of one.")]


@app.command()
def demo(
    accounts: Annotated[Path | None, typer.Option(help="Account file; default: the sample.")] = None,
    har: Annotated[Path | None, typer.Option(help="Write every HTTP exchange to this HTTP Archive.")] = None,
    database: Annotated[str | None, typer.Option(help="An empty database; default: a fresh SQLite file.")] = None,
    source: Annotated[
        SimulatedSource | None,
        typer.Option(help="Pull the subscription data from this simulated source instead of importing the file."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Watch tickets of large accounts become S1-Critical: broker, simulated Desk, receiver, worker and beat."""
    from desk_sync.cli import demo as demo_run

    report = demo_run.run(accounts, har=har, database=database, source=source)
    emit(report) if as_json else demo_run.print_report(report)
    if problem := demo_run.problem(report):
        sys.exit(f"error: {problem}")


@app.command()
def decide(
    accounts: Annotated[Path, typer.Option(help="Account file.")],
    mapping: MappingOption = "partner_support",
    as_json: JsonFlag = False,
) -> None:
    """Decide which accounts of a file are large user accounts, without Desk or database."""
    from desk_sync.domain.account.entitlement import entitle_each
    from desk_sync.wiring.offline import load_mapping, read_accounts

    policy = load_mapping(mapping).policy.licences
    file = read_accounts(accounts, policy.thresholds)
    _print_warnings(file.warnings)
    decided: list[dict[str, Any]] = [
        {
            "account_id": account.account_id,
            "decision": found.verdict,
            "licences_counted": found.licences,
            "reasons": [str(reason) for reason in found.reasons],
        }
        for account, found in entitle_each(file.accounts, policy)
    ]
    if as_json:
        emit({"accounts": decided})
    else:
        rows = [[d["account_id"], d["decision"], str(d["licences_counted"]), d["reasons"][-1]] for d in decided]
        table(["account", "decision", "licences", "reason"], rows)


@app.command()
def calendar(file: Path) -> None:
    """Compute due times and counted time for the calendars and questions in a file; prints JSON."""
    from desk_sync.wiring.offline import answer_calendar_questions

    emit(answer_calendar_questions(file))


@app.command()
def intake(
    files: Annotated[list[str], typer.Argument(help="Mails: .eml files, or headers, an empty line and the text.")],
    explain: Annotated[bool, typer.Option("--explain", help="Say for each address why it was taken or not.")] = False,
    own_domain: Annotated[
        list[str] | None, typer.Option(help="A further domain of the partner; can be repeated.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Read mails: the customer's identifiers and the template's fields, without Desk or database."""
    from desk_sync.wiring.offline import explain_mail, read_mail

    read: list[dict[str, Any]] = []
    for file in files:
        try:
            content = Path(file).read_bytes()
            explained = {"explanation": explain_mail(content, own_domain or ())} if explain else {}
            read.append({"file": file} | read_mail(content, own_domain or ()) | explained)
        except OSError as error:
            read.append({"file": file, "error": error.strerror})
            typer.echo(f"error: {file}: {error.strerror}", err=True)
    if as_json:
        emit({"files": read})
    else:
        for mail in read:
            print_line("\n".join(f"{key}: {value}" for key, value in mail.items() if value not in (None, [])) + "\n")
    raise typer.Exit(1 if any("error" in mail for mail in read) else 0)


@app.command()
def replay(
    tickets: Annotated[list[str], typer.Argument(metavar="TICKET...", help="Ids of Desk, or numbers such as #101.")],
    portal: PortalOption = None,
) -> None:
    """Mark tickets for a look, parked ones too, even if no event has come in for them."""
    from desk_sync.cli.ticket_naming import name_to_mark
    from desk_sync.wiring.environment import utc_now
    from desk_sync.wiring.opening import open_to_write

    with open_to_write() as desk_sync:
        named = sorted({name_to_mark(desk_sync, ticket, portal) for ticket in tickets})
        marked = sum(desk_sync.portal(where).tickets.look_now([one], now=utc_now()) for where, one in named)
    print_line(f"{marked} marked; the worker looks at them within seconds")


@app.command()
def sweep(
    since: Annotated[
        datetime | None,
        typer.Option(
            parser=parse_instant, metavar="ISO", help="All tickets modified since then, such as 2026-11-01T00:00Z."
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="The last three days; runs every night by itself.")] = False,
    escalate: Annotated[
        bool, typer.Option("--escalate", help="With --since: commitments broken since then start escalations too.")
    ] = False,
    portal: PortalOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Ask Desk which tickets were modified, and mark those without a delivery for a look (runs every 3 minutes)."""
    from dataclasses import asdict

    from desk_sync.ports.sweeps import SweepKind
    from desk_sync.wiring.opening import open_to_write

    if since and full:
        raise typer.BadParameter("--since and --full cannot be combined")
    if escalate and not since:
        raise typer.BadParameter("--escalate needs --since")
    with open_to_write() as desk_sync:
        if since and escalate:
            desk_sync.portal(portal).facts.activate(since)
        service = desk_sync.portal(portal).sweep
        swept = service.run_since(since) if since else service.run(SweepKind.FULL if full else SweepKind.RECENT)
    if as_json:
        emit(asdict(swept))
    else:
        print_line(f"{swept.seen} tickets modified since {swept.since:%F %T}Z; {swept.marked} of them to look at")


@app.command()
def serve(
    port: Annotated[int, typer.Option()] = 8080,
    host: Annotated[str, typer.Option(help="Keep loopback behind a proxy that terminates TLS.")] = "127.0.0.1",
    har: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Receive Desk's webhooks at /webhooks/desk/default, or at the name of each portal in the mapping."""
    from desk_sync.web import server

    server.serve(host=host, port=port, har=har)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def worker(context: typer.Context) -> None:
    """Run a Celery worker; further options are passed to Celery."""
    _become_celery("worker", "--without-gossip", "--without-mingle", *context.args)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def beat(context: typer.Context) -> None:
    """Run Celery beat, which starts periodic tasks; further options are passed to Celery."""
    _become_celery("beat", *context.args)


@mappings_app.command()
def check(
    file: Path,
    live: Annotated[
        bool, typer.Option("--live", help="Compare with Desk too: fields, values, statuses, agents, teams.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Find every mistake in a mapping file, and in its partner file, each with its line and column."""
    from dataclasses import asdict

    from desk_sync.wiring.offline import check_mapping

    problems = check_mapping(file)
    if live and not problems:  # a file with mistakes may name the wrong portals
        from desk_sync.wiring.checks import compare_file

        problems = compare_file(file)
    if as_json:
        emit({"ok": not problems, "problems": [asdict(problem) for problem in problems]})
    else:
        _print_problems(replace(problem, file=problem.file or str(file)) for problem in problems)
        print_line(f"{file}: {len(problems)} problems" if problems else f"{file}: in order")
    raise typer.Exit(1 if problems else 0)


@mappings_app.command()
def schema() -> None:
    """Print the JSON Schema of the mapping file, for editors."""
    import json

    from desk_sync.wiring.offline import mapping_schema

    print_line(json.dumps(mapping_schema(), indent=2, ensure_ascii=False))


@parked_app.command("list")
def list_parked(portal: PortalOption = None, as_json: JsonFlag = False) -> None:
    """List the parked tickets, each with its error and the events received since, and the fields held back."""
    from dataclasses import asdict

    from desk_sync.documents import held_back_entries
    from desk_sync.wiring.opening import open_to_read

    with open_to_read(portal) as (services, warning):
        rows = services.tickets.parked()
        held_back = services.held_back.listed()
    warn(warning)
    if as_json:
        emit({"parked": [asdict(row) for row in rows], "held_back": held_back_entries(held_back)})
    else:
        cells = [[row.ticket_id, f"{row.parked_at:%F %T}Z", str(row.events), row.error] for row in rows]
        table(["ticket", "parked at", "new events", "error"], cells)
        print_held_back(held_back)


@parked_app.command()
def retry(
    ticket_ids: Annotated[list[str] | None, typer.Argument()] = None,
    every: Annotated[bool, typer.Option("--all", help="All parked tickets.")] = False,
    portal: PortalOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Put parked tickets back into the queue: they are looked at within seconds, and their attempts start anew."""
    if bool(ticket_ids) == every:
        raise typer.BadParameter("name tickets, or use --all, but not both")
    from desk_sync.wiring.opening import open_to_write

    with open_to_write(dry_run=dry_run) as desk_sync:
        parking = desk_sync.portal(portal).parking
        chosen = parking.choose(ticket_ids)
        if not dry_run:
            parking.retry(chosen)
    _print_moved(chosen, "put back into the queue", dry_run=dry_run)


@parked_app.command()
def drop(ticket_ids: list[str], portal: PortalOption = None, dry_run: DryRunOption = False) -> None:
    """End parked tickets for good: no event brings them back. `explain` shows when and why; `replay` undoes it."""
    from desk_sync.wiring.opening import open_to_write

    with open_to_write(dry_run=dry_run) as desk_sync:
        parking = desk_sync.portal(portal).parking
        chosen = parking.choose(ticket_ids)
        if not dry_run:
            parking.drop(chosen)
    _print_moved(chosen, "dropped", dry_run=dry_run)


@app.command()
def doctor(
    online: Annotated[
        bool, typer.Option(help="Call Desk too: about ten credits for each portal, and four for each department.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Check settings, database, clocks, Redis, worker, backlog, data and keys."""
    from dataclasses import asdict

    from desk_sync.services.watch.health import check_all
    from desk_sync.wiring import checks
    from desk_sync.wiring.opening import open_for_check

    with open_for_check() as desk_sync:
        found = check_all(checks.every(desk_sync, online=online))
        sources = checks.sources(desk_sync)
    ok = all(check.ok for check in found)
    if as_json:
        emit({"ok": ok, "checks": [asdict(check) for check in found], "sources": sources})
    else:
        rows = [[check.name, "ok" if check.ok else "WRONG", check.what] for check in found]
        table(["check", "", "found"], rows)
        for check in found:
            if check.hint:
                print_line(f"hint: {check.name}: {check.hint}")
    raise typer.Exit(0 if ok else 1 if all(check.reached for check in found) else 4)


def _print_moved(chosen: Sequence[ParkedTicket], what: str, *, dry_run: bool) -> None:
    for parked in chosen:
        print_line(f"{parked.ticket_id}: {parked.error}")
    print_line(f"{len(chosen)} {'would be ' if dry_run else ''}{what}")


def _become_celery(command: str, *options: str) -> None:
    """Replace this process by Celery, so that its process id and signals stay the same."""
    from desk_sync import settings
    from desk_sync.wiring.starting import check_before

    check_before()
    level = settings.load().log_level
    celery = [sys.executable, "-m", "celery", "-A", "tasks", command, "--loglevel", level, *options]
    # Each drain has its own threads. glibc would give each thread a heap, which keeps freed memory.
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    sys.stdout.flush()
    os.execv(sys.executable, celery)  # noqa: S606


def _print_warnings(problems: Iterable[Problem]) -> None:
    _print_problems([replace(problem, message=f"warning: {problem.message}") for problem in problems])


def _print_problems(problems: Iterable[Problem]) -> None:
    """Print each problem to stderr as file:line:column: where: message."""
    for problem in problems:
        typer.echo(str(problem), err=True)
