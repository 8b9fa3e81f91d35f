"""Steps that write, change and delete replies and comments. What has an `id` can be named by later steps."""

from __future__ import annotations

from typing import Any

from desk_sync.simulated_desk.portal.ticket import markup
from desk_sync.simulation.actors import ScenarioActors
from desk_sync.simulation.scenario_shape import (
    AgentReply,
    CommentStep,
    CustomerReply,
    DeleteStep,
    EditStep,
    NoteStep,
    PublicComment,
    ThreadStep,
    Written,
)


def run_conversation_step(step: Written | ThreadStep | EditStep | DeleteStep, actors: ScenarioActors) -> None:
    """Execute the step now. Raises RestError if the simulated Desk refuses it, PermanentError for an unknown id."""
    portal, ticket_id = actors.portal, actors.ticket_id(step.ticket)
    match step:
        case AgentReply(ticket=key, agent_reply=text, by=by, status=status):
            made = portal.agent_reply(ticket_id, markup(text), by=actors.author_id(by, key), status=status)
            actors.remember(step.made_id, made, comment=False)
        case CustomerReply(customer_reply=text):
            actors.remember(step.made_id, portal.customer_reply(ticket_id, markup(text)), comment=False)
        case NoteStep(note=text, by=by):
            _comment(step, text, actors, by=actors.author_id(by, step.ticket), public=False)
        case PublicComment(public_comment=text, by=by):
            _comment(step, text, actors, by=actors.author_id(by, step.ticket), public=True)
        case CommentStep(comment=text, public=public, by=by):
            _comment(step, text, actors, by=actors.author_id(by, step.ticket), public=public)
        case ThreadStep(thread=change):
            portal.change_thread(ticket_id, actors.made(change.made_id).record_id, change.status)
        case EditStep(ticket=key, edit=made_id, text=text, public=public, by=by):
            changes: dict[str, Any] = {"content": markup(text) if text else None, "isPublic": public}
            given = {name: value for name, value in changes.items() if value is not None}
            portal.edit_comment(ticket_id, actors.made(made_id).record_id, given, by=actors.author_id(by, key))
        case DeleteStep(ticket=key, delete=made_id, by=by):
            actors.delete(made_id, ticket_id, by=actors.author_id(by, key))


def _comment(step: Written, text: str, actors: ScenarioActors, *, by: str, public: bool) -> None:
    comment = actors.portal.add_comment(actors.ticket_id(step.ticket), markup(text), public=public, by=by)
    actors.remember(step.made_id, comment, comment=True)
