"""./dev faults [NAME…]: inject faults into the real processes, break the laws on purpose, and report the outcome.

Names are those of trials, `storm`, `ladders`, `edits`, `crowds`, `pulls`, `outages`, `matrix`, or `broken`; without one
all run.
`crowds` are tests of many tickets at their full counts, `matrix` the outages in virtual time. Exits with 1 if something
was lost or doubled, took too long, or a broken build stayed green.
--write makes docs/faults.md from a run of everything; from a run of some trials it replaces their lines in it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from desk_sync.wiring.environment import utc_now
from tests.faults import crowds, edits, ladders, outage_matrix, outages, pulls, report, storm
from tests.faults.crowds import CrowdResult
from tests.faults.edits import EditOutcome
from tests.faults.ladders import LadderOutcome
from tests.faults.outage_matrix import MatrixCell
from tests.faults.outages import OutageOutcome, OutageTrial
from tests.faults.pulls import PullTrial, StruckPulls
from tests.faults.report import FaultResults
from tests.faults.storm import StormOutcome
from tests.faults.trials import FULL, FaultTrial, TrialOutcome, run
from tests.mutants.build import BUILDS, BrokenBuild, MutantVerdict, judge

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
BROKEN = "broken"
MATRIX = "matrix"
OTHERS = (storm.NAME, ladders.NAME, edits.NAME, crowds.NAME, pulls.NAME, outages.NAME, MATRIX, BROKEN)

Result = TypeVar("Result", StormOutcome, LadderOutcome, EditOutcome)


def main() -> int:
    arguments = _arguments()
    found = _find(arguments.names, arguments.share, arguments.seed)
    for text in (report.trial_table(found.accounts), *(each.table for each in found.played())):
        print(text, end="\n\n")
    if arguments.write:
        PAGE.write_text(_page(found, arguments))
    return 1 if found.problems else 0


def _find(names: Sequence[str], share: float, seed: int) -> FaultResults:
    """Run the selected trials, one after the other."""
    found = FaultResults()
    trials = [each.scaled(share) for each in FULL if _is_selected(each.name, names)]
    found.accounts += [outcome for trial in trials if (outcome := _run(trial, seed, found.problems))]
    if _is_selected(storm.NAME, names):
        found.storms += _play(storm.NAME, partial(storm.run, storm.FULL.scaled(share), seed=seed), found.problems)
    if _is_selected(ladders.NAME, names):
        found.climbs += _play(ladders.NAME, partial(ladders.run, ladders.FULL.scaled(share), seed=seed), found.problems)
    if _is_selected(edits.NAME, names):
        for trial in (each.scaled(share) for each in edits.FULL):
            found.edits += _play(edits.NAME, partial(edits.run, trial, seed=seed), found.problems)
    if _is_selected(crowds.NAME, names):
        found.crowds += _crowd(found.problems)
    if _is_selected(pulls.NAME, names):
        found.pulls += _pulls([each.scaled(share) for each in pulls.FULL], found.problems)
    if _is_selected(outages.NAME, names):
        found.outages += _outages([each.scaled(share) for each in outages.FULL], seed, found.problems)
    if _is_selected(MATRIX, names):
        found.matrix += _matrix(found.problems)
    if _is_selected(BROKEN, names):
        found.verdicts += [_judge(each, found.problems) for each in BUILDS]
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev faults", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=", ".join([*(each.name for each in FULL), *OTHERS]),
    )
    parser.add_argument("--share", type=float, default=1.0, help="of the full counts; 1 is all of them")
    parser.add_argument("--write", action="store_true", help="write docs/faults.md")
    parser.add_argument("--seed", type=int, default=1, help="of the random instants")
    return parser.parse_args()


def _is_selected(name: str, names: Sequence[str]) -> bool:
    return not names or name in names


def _run(trial: FaultTrial, seed: int, problems: list[str]) -> TrialOutcome | None:
    print(f"{trial.name}: {trial.words}", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="ds-") as folder:
        try:
            outcome = run(trial, Path(folder), seed=seed)
        except Exception as error:  # noqa: BLE001 - the other trials run all the same
            _report(problems, trial.name, f"{type(error).__name__}: {error}")
            return None
    _report(problems, trial.name, *outcome.failures())
    print(report.trial_table([outcome]), file=sys.stderr)
    return outcome


def _play(name: str, play: Callable[[Path], Result], problems: list[str]) -> Sequence[Result]:
    """Return the outcome of one of the larger trials; nothing if it broke off."""
    print(name, file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="ds-") as folder:
        try:
            result = play(Path(folder))
        except Exception as error:  # noqa: BLE001 - as above
            _report(problems, name, f"{type(error).__name__}: {error}")
            return []
    _report(problems, name, *result.failures())
    return [result]


def _crowd(problems: list[str]) -> Sequence[CrowdResult]:
    print(f"{crowds.NAME}: hundreds and thousands of tickets at once", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="ds-") as folder:
        found = crowds.run(Path(folder))
    _report(problems, crowds.NAME, *(each.words for each in found if not each.passed))
    return found


def _pulls(trials: Sequence[PullTrial], problems: list[str]) -> Sequence[StruckPulls]:
    print(f"{pulls.NAME}: pulls beside each other", file=sys.stderr)
    found: list[StruckPulls] = []
    for trial, started in pulls.run_all(trials):
        if error := started.exception():
            _report(problems, f"{pulls.NAME}, {trial.database}", f"{type(error).__name__}: {error}")
            continue
        found.append(started.result())
        _report(problems, pulls.NAME, *found[-1].failures())
    return found


def _outages(trials: Sequence[OutageTrial], seed: int, problems: list[str]) -> Sequence[OutageOutcome]:
    print(f"{outages.NAME}: {len(trials)} outages of Desk", file=sys.stderr)
    found: list[OutageOutcome] = []
    for trial, started in outages.run_all(trials, seed=seed):
        if error := started.exception():
            _report(problems, trial.words, f"{type(error).__name__}: {error}")
            continue
        found.append(started.result())
        _report(problems, trial.words, *found[-1].failures())
        print(report.outage_table(found[-1:]), file=sys.stderr)
    return found


def _matrix(problems: list[str]) -> Sequence[MatrixCell]:
    print(f"{MATRIX}: outages of Desk in virtual time", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="ds-") as folder:
        found = outage_matrix.run(Path(folder))
    _report(problems, MATRIX, *(each.name for each in found if not each.passed))
    return found


def _judge(build: BrokenBuild, problems: list[str]) -> MutantVerdict:
    print(f"{BROKEN}: {build.name}", file=sys.stderr)
    verdict = judge(build)
    _report(problems, build.name, *(f"{build.law} is broken, and {test} stays green" for test in verdict.green))
    return verdict


def _report(problems: list[str], about: str, *what: str) -> None:
    for each in what:
        problems.append(f"{about}: {each}")
        print(f"error: {problems[-1]}", file=sys.stderr)


def _page(found: FaultResults, arguments: argparse.Namespace) -> str:
    if arguments.names:
        command = f"./dev faults --write {' '.join(arguments.names)}"
        later = {"names": arguments.names, "command": command, "on": utc_now()}
        return report.updated_document(PAGE.read_text(), found, **later)
    return report.document(
        found,
        command="./dev faults --write" + (f" --share {arguments.share:g}" if arguments.share < 1 else ""),
        counts="full" if arguments.share == 1 else f"{arguments.share:.0%} of the full",
        seed=arguments.seed,
        on=utc_now(),
    )


if __name__ == "__main__":
    sys.exit(main())
