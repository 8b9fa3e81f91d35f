"""Looks at tickets for tests of the note, and the words of the English one."""

from __future__ import annotations

from dataclasses import replace

from desk_sync.domain.account.identity import EvidencePlace
from desk_sync.domain.plan.memory import Override
from desk_sync.domain.plan.note_policy import Explain, NoteWords
from tests.support.makers import (
    POLICY,
    make_evidence,
    make_lookup,
)
from tests.support.plan_scenes import (
    LARGE_BASIS,
    SEVERITY,
    after_ours,
    look,
)

TYPO = make_lookup(named=(make_evidence("admim@large.example", place=EvidencePlace.TEMPLATE),))
ENGLISH = NoteWords(POLICY.notes.texts["en"])
HANDED_OVER = after_ours(overrides={SEVERITY: Override(value="S3-Minimal", basis=LARGE_BASIS)})


def explaining(explain: Explain, policy=POLICY, **notes):
    return replace(policy, notes=replace(policy.notes, explain=explain, **notes))


def text(*args, **facts) -> str:
    return look(*args, **facts).note.comment.text


def first_line(*args, **facts) -> str:
    return text(*args, **facts).splitlines()[0]
