"""./dev faults [NAME…]: hurt the real processes, break the laws on purpose, and say what came of it.

Names are those of trials, `storm`, `ladders`, `crowds`, or `broken`; none is all of them. `crowds` are tests of many
tickets at their full counts. Exits with 1 if something was lost or doubled, took too long, or a broken build stayed
green.
--write makes docs/faults.md of a run of everything; of a run of some trials it takes their lines into it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from desk_sync import wiring
from tests.faults import crowds, ladders, report, storm
from tests.faults.crowds import Crowd
from tests.faults.ladders import Climbed
from tests.faults.report import Findings
from tests.faults.storm import Aftermath
from tests.faults.trials import FULL, Account, Trial, run
from tests.mutants.build import BUILDS, Broken, Verdict, judge

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
BROKEN = "broken"

Result = TypeVar("Result", Aftermath, Climbed)


def main() -> int:
    arguments = _arguments()
    found = _find(arguments.names, arguments.share, arguments.seed)
    for text in (report.survived(found.accounts), *found.tables()):
        print(text, end="\n\n")
    if arguments.write:
        PAGE.write_text(_page(found, arguments))
    return 1 if found.problems else 0


def _find(names: Sequence[str], share: float, seed: int) -> Findings:
    """Play what is asked for, one after the other."""
    found = Findings()
    trials = [each.scaled(share) for each in FULL if _asked(each.name, names)]
    found.accounts += [account for trial in trials if (account := _run(trial, seed, found.problems))]
    if _asked(storm.NAME, names):
        found.storms += _play(storm.NAME, partial(storm.run, storm.FULL.scaled(share), seed=seed), found.problems)
    if _asked(ladders.NAME, names):
        found.climbs += _play(ladders.NAME, partial(ladders.run, ladders.FULL.scaled(share), seed=seed), found.problems)
    if _asked(crowds.NAME, names):
        found.crowds += _crowd(found.problems)
    if _asked(BROKEN, names):
        found.verdicts += [_judge(each, found.problems) for each in BUILDS]
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev faults", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=", ".join([*(each.name for each in FULL), storm.NAME, ladders.NAME, crowds.NAME, BROKEN]),
    )
    parser.add_argument("--share", type=float, default=1.0, help="of the full counts; 1 is all of them")
    parser.add_argument("--write", action="store_true", help="write docs/faults.md")
    parser.add_argument("--seed", type=int, default=1, help="of the random instants")
    return parser.parse_args()


def _asked(name: str, names: Sequence[str]) -> bool:
    return not names or name in names


def _run(trial: Trial, seed: int, problems: list[str]) -> Account | None:
    print(f"{trial.name}: {trial.words}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="ds-") as folder:
        try:
            account = run(trial, Path(folder), seed=seed)
        except Exception as error:  # noqa: BLE001 - the other trials are to be played all the same
            _complain(problems, trial.name, f"{type(error).__name__}: {error}")
            return None
    _complain(problems, trial.name, *account.failures())
    print(report.survived([account]), file=sys.stderr)
    return account


def _play(name: str, play: Callable[[Path], Result], problems: list[str]) -> Sequence[Result]:
    """What came of one of the larger plays; nothing if it broke off."""
    print(name, file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="ds-") as folder:
        try:
            result = play(Path(folder))
        except Exception as error:  # noqa: BLE001 - as above
            _complain(problems, name, f"{type(error).__name__}: {error}")
            return []
    _complain(problems, name, *result.failures())
    return [result]


def _crowd(problems: list[str]) -> Sequence[Crowd]:
    print(f"{crowds.NAME}: hundreds and thousands of tickets at once", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="ds-") as folder:
        found = crowds.run(Path(folder))
    _complain(problems, crowds.NAME, *(each.words for each in found if not each.passed))
    return found


def _judge(build: Broken, problems: list[str]) -> Verdict:
    print(f"{BROKEN}: {build.name}", file=sys.stderr)
    verdict = judge(build)
    _complain(problems, build.name, *(f"{build.law} is broken, and {test} stays green" for test in verdict.green))
    return verdict


def _complain(problems: list[str], about: str, *what: str) -> None:
    for each in what:
        problems.append(f"{about}: {each}")
        print(f"error: {problems[-1]}", file=sys.stderr)


def _page(found: Findings, arguments: argparse.Namespace) -> str:
    if arguments.names:
        command = f"./dev faults --write {' '.join(arguments.names)}"
        later = {"names": arguments.names, "command": command, "on": wiring.now()}
        return report.renewed(PAGE.read_text(), found, **later)
    return report.document(
        found,
        command="./dev faults --write" + (f" --share {arguments.share:g}" if arguments.share < 1 else ""),
        counts="full" if arguments.share == 1 else f"{arguments.share:.0%} of the full",
        seed=arguments.seed,
        on=wiring.now(),
    )


if __name__ == "__main__":
    sys.exit(main())
