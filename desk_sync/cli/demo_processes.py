"""The processes of the demo: broker, simulated Desk, receiver, worker and beat, each ending with this one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO

import orjson
from pydantic import SecretStr

from desk_sync import __version__, har
from desk_sync.cli.demo_client import SETTINGS, DemoClient
from desk_sync.errors import TemporaryError
from desk_sync.settings import Settings
from desk_sync.wiring.environment import utc_now
from desk_sync.wiring.launcher import ProcessLauncher, answers, free_port, launcher
from desk_sync.wiring.offline import mapping_text, read_accounts
from desk_sync.wiring.opening import open_database
from desk_sync.wiring.process import DEFAULT, DeskSync

PER_MINUTE = 6000
PER_DAY = 1_000_000
"""The limits of the simulated sources in the demo, so that it does not wait."""
_STORE = {"kind": "partner_store"}
SOURCES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "billing": {"billing": {"kind": "billing"}},
    "store": {"store": _STORE},
    "mail": {"store": _STORE, "mail": {"kind": "mail_partner", "zoids_of": "store"}},
}
"""The sections of the mapping for each source; Mail reads the organisations whose ZOIDs the store has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoProcesses:
    """The running processes of the demo; the children of `processes` are named after their commands.

    Desk delivers to `deliver_to`. With `record`, the simulated Desk and the receiver record their HTTP traffic.
    """

    processes: ProcessLauncher
    desk: DemoClient
    desk_sync: DeskSync
    deliver_to: str
    record: bool

    def start(self, name: str) -> Popen[bytes]:
        """Restart one of the product's processes, or start a second one of its kind, such as `beat-2`."""
        return _start(self.processes, name, self.deliver_to, record=self.record)

    def wait_until_quiet(self, tickets: int) -> None:
        """Wait until every delivery has arrived and been processed, and no ticket is due or leased.

        `tickets` is the least number of deliveries. Raises TemporaryError if a process ends or the timeout is over.
        """
        self.processes.wait_until(lambda: self._is_quiet(tickets))

    def write_archive(self, path: Path) -> None:
        """Write the recorded HTTP traffic as one HTTP Archive."""
        records = self.processes.folder.glob("*.har")
        path.write_bytes(orjson.dumps(har.archive(*records, creator_version=__version__)))

    def _is_quiet(self, tickets: int) -> bool:
        idle = self.desk.counters()["idle"]
        portal = self.desk_sync.portal(DEFAULT)
        events, looks = portal.inbox.counts(), portal.metrics.backlog(utc_now())
        arrived = idle and events.stored >= tickets
        return bool(arrived and events.stored == events.processed and not looks.due and not looks.leased)


@contextmanager
def demo_processes(
    folder: Path, accounts: Path, *, record: bool, database: str | None = None, source: str | None = None
) -> Iterator[DemoProcesses]:
    """Start all processes on a new database in `folder`, or on `database`; stop them in order at the end.

    The accounts are imported, or with a `source` pulled from that simulated source.
    """
    with ExitStack() as stack:
        processes = stack.enter_context(launcher(folder))
        database = database or f"sqlite:///{folder / 'desk-sync.sqlite3'}"
        processes.environment["DESK_SYNC_DATABASE_URL"] = database
        port = free_port()
        deliver_to = f"http://127.0.0.1:{port}/webhooks/desk/default"
        with_sources = ["--sources", str(accounts), "--per-minute", str(PER_MINUTE), "--per-day", str(PER_DAY)]
        options = with_sources if source else []
        simulator = _start(processes, "simulator", deliver_to, *options, record=record, accounts=accounts)
        desk_sync = stack.enter_context(_prepared(database, None if source else accounts))
        desk = DemoClient(facts=_read_facts(simulator.stdout))
        processes.environment.update(_as_settings(desk.facts))
        if source:
            _pull(processes, SOURCES[source], desk.facts)
        for name in ("serve", "worker", "beat"):
            _start(processes, name, deliver_to, record=record)
        processes.wait_until(lambda: answers(f"http://127.0.0.1:{port}/healthz"))
        desk.sign_in()
        yield DemoProcesses(processes=processes, desk=desk, desk_sync=desk_sync, deliver_to=deliver_to, record=record)


def _start(
    processes: ProcessLauncher,
    name: str,
    deliver_to: str,
    *more: str,
    record: bool,
    accounts: Path | None = None,
) -> Popen[bytes]:
    command = name.partition("-")[0]
    options = {
        "simulator": ["--json", "--accounts", str(accounts), "--deliver-to", deliver_to, *more],
        "serve": ["--port", deliver_to.split(":")[2].partition("/")[0]],
    }.get(command, [])
    har_file = ["--har", str(processes.folder / f"{command}.har")] if record and options else []
    stdout = PIPE if command == "simulator" else None
    return processes.start_product(name, command, *options, *har_file, stdout=stdout)


@contextmanager
def _prepared(database: str, accounts: Path | None) -> Iterator[DeskSync]:
    with open_database(Settings(database_url=SecretStr(database))) as desk_sync:
        desk_sync.upgrade()
        if accounts:
            desk_sync.sources.imports.run_file(read_accounts(accounts))
        yield desk_sync


def _pull(processes: ProcessLauncher, sources: Mapping[str, Mapping[str, str]], facts: Mapping[str, str]) -> None:
    """Pull these sources as a person does, with a mapping that names them; the worker has the same mapping."""
    credentials = ("client_id", "client_secret", "refresh_token")
    sections = {name: _section(name, section, facts) for name, section in sources.items()}
    mapping = processes.folder / "mapping.yaml"
    mapping.write_text(f"{mapping_text('partner_support')}\nsources: {orjson.dumps(sections).decode()}\n")
    processes.environment["DESK_SYNC_MAPPING"] = str(mapping)
    for name in sources:
        processes.environment.update({f"DESK_SYNC_SOURCE_{name}_{key}".upper(): facts[key] for key in credentials})
        processes.run_product(f"pull-{name}", "subscriptions", "pull", name)


def _section(name: str, section: Mapping[str, str], facts: Mapping[str, str]) -> Mapping[str, str | int]:
    org_id = {"org_id": facts["billing_org_id"]} if name == "billing" else {}
    urls = {"url": facts[f"{name}_url"], "accounts_url": facts["accounts_url"]}
    return {"every": "1h", "data_center": "us", "per_minute": PER_MINUTE, **org_id, **urls, **section}


def _read_facts(stdout: IO[bytes] | None) -> dict[str, str]:
    line = stdout.readline() if stdout else b""
    if not line:
        raise TemporaryError("the simulated Desk did not start")
    facts: dict[str, str] = orjson.loads(line)
    return facts


def _as_settings(facts: Mapping[str, str]) -> dict[str, str]:
    return {f"DESK_SYNC_{name.upper()}": facts[name] for name in SETTINGS}
