"""The comments of a look, each made once (L6). One that Desk does not accept costs only itself (L16)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from desk_sync.domain.plan.memory import CommentsMemory, Memory, NoteMemory
from desk_sync.domain.plan.note.note import KeptNote
from desk_sync.domain.plan.plan import Plan
from desk_sync.domain.ticket.comment_trace import CommentTrace
from desk_sync.domain.ticket.effect import Effect
from desk_sync.domain.ticket.waiting_comment import CommentRefusal, CommentsOutcome, WaitingComment, put_off
from desk_sync.errors import Gone, NotPermitted, NotSent, PermanentError, TemporaryError, Unreadable, WriteForbidden
from desk_sync.logs import get_logger
from desk_sync.ports.desk import CommentReceipt, Desk
from desk_sync.ports.now import Now
from desk_sync.ports.portal import PortalFacts
from desk_sync.services.reconcile.own_agents import OwnAgents

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentsWriter:
    """Writes the comments of one portal's tickets. One that Desk does not accept is returned, not raised."""

    desk: Desk
    portal: PortalFacts
    now: Now

    def write(
        self,
        ticket_id: str,
        plan: Plan,
        pending: Mapping[str, bool],
        memory: Memory,
        *,
        renew: Callable[[], None],
    ) -> CommentsOutcome:
        """Make the comments whose keys are `pending`, True for those that may exist already.

        `renew` is called before each: a duplicate cannot be repaired later. Raises NotPermitted. A comment to a ticket
        that is gone is not answered: the next reading of the ticket shows if it is.
        """
        own_agents = OwnAgents(desk=self.desk, portal=self.portal)
        series = CommentSeries(desk=self.desk, own_agents=own_agents, ticket_id=ticket_id, renew=renew)
        before = memory.comments
        resting = {each for each in plan.comments if before.still_waits(each, self.now())}
        for effect in plan.effects:
            if effect not in resting and effect.key in pending:
                series.make(effect, may_exist=pending[effect.key])
        note = plan.note
        if note and note.comment not in resting:
            series.keep_current(note, memory.note, announced=pending.get(note.comment.key))
        waiting = {each.key: before.waiting[each.key] for each in resting}
        waiting |= {each.key: self._put_off(ticket_id, each, before, why) for each, why in series.refused.items()}
        return CommentsOutcome(made=series.made, waiting=waiting, note_id=series.note_id)

    def _put_off(
        self, ticket_id: str, comment: Effect, memory: CommentsMemory, refusal: CommentRefusal
    ) -> WaitingComment:
        waiting = put_off(comment, refusal, memory.waiting.get(comment.key), self.now())
        write = log.warning if refusal.unanswered else log.error
        write(
            "comment.put_off",
            ticket_id=ticket_id,
            key=comment.key,
            reason=refusal.reason,
            try_again_at=waiting.try_again_at,
        )
        return waiting


@dataclass(slots=True, kw_only=True)
class CommentSeries:
    """The comments of one look at one ticket. After one without an answer no further one is sent."""

    desk: Desk
    own_agents: OwnAgents
    ticket_id: str
    renew: Callable[[], None]
    made: int = 0
    refused: dict[Effect, CommentRefusal] = field(default_factory=dict)
    silent: CommentRefusal | None = None
    note_id: str | None = None

    def make(self, comment: Effect, *, may_exist: bool) -> None:
        """Make a comment, unless it exists."""
        self._try(comment, lambda: may_exist and self.desk.has_comment(self.ticket_id, self._trace(comment)), self._add)

    def keep_current(self, note: KeptNote, memory: NoteMemory, *, announced: bool | None) -> None:
        """Edit the note; make it if it is new or was deleted.

        `announced` is None if it was made before, else True if it may exist.
        """
        self._try(note.comment, lambda: self._is_current(note, memory, announced), self._make_note)

    def _make_note(self, comment: Effect) -> None:
        self.note_id = self._add(comment)

    def _is_current(self, note: KeptNote, memory: NoteMemory, announced: bool | None) -> bool:
        if announced is False:
            return False
        comment, reference = note.comment, note.comment.reference(self.ticket_id)
        if announced is None and self._is_theirs(note, memory, reference):
            return True
        self.note_id = self.desk.edit_comment(self.ticket_id, comment.text, reference, memory.comment_id)
        return self.note_id is not None

    def _is_theirs(self, note: KeptNote, memory: NoteMemory, reference: str) -> bool:
        """Return True if a person edited or deleted the note after an edit of ours that was not recorded (L7).

        Theirs stands until there is news, as it does after an edit that was recorded.
        """
        intended = memory.intended
        if intended is None or intended.digest != note.digest:
            return False
        text = self.desk.read_comment(self.ticket_id, reference)
        return intended.was_replaced(text, before=memory.words)

    def _try(self, comment: Effect, exists: Callable[[], bool], add: Callable[[Effect], object]) -> None:
        if self.silent:
            self.refused[comment] = self.silent
            return
        try:
            if not exists():
                add(comment)
        except WriteForbidden as error:
            self.refused[comment] = CommentRefusal(reason=str(error))
        except (NotPermitted, NotSent):
            raise
        except (TemporaryError, Unreadable, Gone) as error:
            self.silent = self.refused[comment] = CommentRefusal(reason=str(error), unanswered=True)
        except PermanentError as error:
            self.refused[comment] = CommentRefusal(reason=str(error))

    def _trace(self, comment: Effect) -> CommentTrace:
        """Return the trace of a comment. Raises PermanentError for a public one while none of our agents is known."""
        authors = self.own_agents.ask() if comment.public else frozenset[str]()
        if comment.public and not authors:
            raise PermanentError("Desk does not say which agent writes our comments")
        return comment.trace(self.ticket_id, authors)

    def _add(self, comment: Effect) -> str | None:
        """Add a comment; return its id, if Desk names it."""
        self.renew()
        receipt = self._added(comment)
        self.own_agents.learn(receipt.author_id)
        self.made += 1
        return receipt.comment_id

    def _added(self, comment: Effect) -> CommentReceipt:
        if comment.public:
            return self.desk.add_public_comment(self.ticket_id, comment.text)
        return self.desk.add_comment(self.ticket_id, comment.text, comment.reference(self.ticket_id))
