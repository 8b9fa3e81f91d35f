"""Notices through apprise: to a real mail server and a real HTTP hook on this machine."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from desk_sync.adapters.runtime.apprise_notifier import AppriseNotifier
from desk_sync.domain.escalation.notice import Notice
from desk_sync.domain.escalation.staff import NoticeAddress, NoticeChannel
from desk_sync.errors import Refused, TemporaryError
from desk_sync.logs import SILENCED
from tests.support.hook import Hook, listening

ADA = NoticeAddress(NoticeChannel.MAIL, "ada@desk.example")
EUROPE = NoticeAddress(NoticeChannel.CHAT, "europe")
NOTICE = Notice(key="ds-0123456789abcdef", to=ADA, subject="Ticket 1042: level 1", lines=("line 1", "line 2"))
SECRET = "s3cr3t-token"


@dataclass
class Mailbox:
    """A mail server that records its mails and gives the configured answer."""

    answer: str = "250 OK"
    slow: float = 0.0
    mails: list[Message] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.mails.append(message_from_bytes(envelope.content))
        self.recipients.append(envelope.rcpt_tos)
        return self.answer

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if address.startswith("stranger"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"


class AnyPort(Controller):
    """Checks that it started on the port that the system assigned."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def mail_url(mailbox) -> Iterator[str]:
    controller = AnyPort(mailbox, hostname="127.0.0.1", port=0)
    controller.start()
    yield f"mailto://127.0.0.1:{controller.port}?smtp=127.0.0.1&from=desk-sync@support.example&mode=insecure"
    controller.stop()


@pytest.fixture
def hook() -> Iterator[Hook]:
    with listening(SECRET) as hook:
        yield hook


def notifier(seconds: float = 5.0, **urls: str) -> AppriseNotifier:
    return AppriseNotifier(find=lambda name: urls.get(name, ""), seconds=seconds)


def part(mail: Message, kind: str) -> str:
    """Return the text of the mail's part of that type, with the line ends of a text."""
    [found] = [each for each in mail.walk() if each.get_content_type() == kind]
    return found.get_payload(decode=True).decode().replace("\r\n", "\n")


def chat(notice: Notice = NOTICE) -> Notice:
    return Notice(key=notice.key, to=EUROPE, subject=notice.subject, lines=notice.lines)


def test_a_mail_arrives_with_the_notices_key_as_its_id(mailbox, mail_url):
    notifier(mail=mail_url).send(NOTICE)

    [mail] = mailbox.mails
    assert mailbox.recipients == [["ada@desk.example"]]
    assert mail["Message-ID"] == "<ds-0123456789abcdef@support.example>"
    assert (mail["Subject"], mail["From"]) == ("Ticket 1042: level 1", "desk-sync <desk-sync@support.example>")
    assert part(mail, "text/plain").splitlines()[:2] == ["line 1", "line 2"]


def test_a_mail_has_a_part_of_html_in_which_the_ticket_can_be_opened(mailbox, mail_url):
    url = "https://desk.example/1?a=1&b=2"
    several = replace(NOTICE, lines=(f"Late: <3 h>\nNext: level 2\nOpen the ticket: {url}", "line 2"))

    notifier(mail=mail_url).send(several.again())

    [mail] = mailbox.mails
    shown = url.replace("&", "&amp;")
    assert part(mail, "text/html").splitlines() == [
        "<p><em>This may have reached you before: it is sent again because no confirmation came.</em></p>",
        "<p><strong>Late: &lt;3 h&gt;</strong><br>",
        "Next: level 2<br>",
        f'Open the ticket: <a href="{shown}">{shown}</a></p>',
        "<p><strong>line 2</strong></p>",
        "<p><small>[ds-0123456789abcdef]</small></p>",
    ]
    assert part(mail, "text/plain").splitlines()[1:4] == several.lines[0].split("\n")


def test_a_repeat_has_the_same_id_and_says_that_it_is_one(mailbox, mail_url):
    """L6."""
    for notice in (NOTICE, NOTICE.again()):
        notifier(mail=mail_url).send(notice)

    first, second = mailbox.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert "This may have reached you before" in part(second, "text/plain")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param("550 not here", Refused, id="permanent"),
        pytest.param("451 try later", TemporaryError, id="temporary"),
    ],
)
def test_a_refusal_of_the_mail_server_is_permanent_or_temporary_by_its_code(mailbox, mail_url, answer, error):
    mailbox.answer = answer

    with pytest.raises(error, match=f"the mail server answered {answer[:3]}"):
        notifier(mail=mail_url).send(NOTICE)


def test_a_recipient_that_the_mail_server_does_not_know_is_refused(mail_url):
    stranger = Notice(key="k", to=NoticeAddress(NoticeChannel.MAIL, "stranger@desk.example"), subject="s", lines=("l",))

    with pytest.raises(Refused, match="answered 550"):
        notifier(mail=mail_url).send(stranger)


def test_a_mail_server_that_is_away_is_tried_again():
    with pytest.raises(TemporaryError, match="ConnectionRefusedError"):
        notifier(mail="mailto://127.0.0.1:9?smtp=127.0.0.1&from=a@b.example&mode=insecure").send(NOTICE)


def test_a_chat_notice_arrives_with_its_key_in_its_text(hook):
    notifier(europe=hook.url).send(chat())

    [post] = hook.posts
    assert post["title"] == "Ticket 1042: level 1"
    assert post["message"] == "line 1\nline 2\n\n[ds-0123456789abcdef]"


def test_a_chat_notice_is_brief(hook):
    several = replace(NOTICE, lines=("Late\nNext: level 2\nOpen the ticket: https://desk.example/1",))

    notifier(europe=hook.url).send(chat(several))

    assert hook.posts[0]["message"] == f"Late\nOpen the ticket: https://desk.example/1\n\n[{NOTICE.key}]"


def test_a_channel_that_does_not_accept_a_notice_is_an_error(hook):
    hook.status = 403

    with pytest.raises(Refused, match="the channel behind chat europe did not accept the notice"):
        notifier(europe=hook.url).send(chat())


def test_a_send_ends_at_its_deadline_and_may_have_got_through(hook):
    hook.seconds = 2.0
    started = time.monotonic()

    with pytest.raises((TemporaryError, Refused)):
        notifier(0.3, europe=hook.url).send(chat())

    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize(
    ("urls", "notice", "message"),
    [
        pytest.param({}, chat(), "no address is set for europe", id="no address"),
        pytest.param({"europe": f"nonsense://{SECRET}"}, chat(), "set for europe is not an apprise URL", id="no URL"),
        pytest.param({}, NOTICE, "no address is set for mail", id="no mail server"),
        pytest.param(
            {"mail": f"json://127.0.0.1/{SECRET}"}, NOTICE, "not a mailto:// or mailtos:// URL", id="no mail URL"
        ),
    ],
)
def test_a_channel_that_is_not_set_up_is_refused_without_its_secret(urls, notice, message):
    with pytest.raises(Refused, match=message) as refused:
        notifier(**urls).send(notice)

    assert SECRET not in str(refused.value)


def test_no_secret_reaches_the_log(hook, caplog):
    """L12."""
    hook.status = 500
    caplog.set_level(logging.DEBUG)
    for name in SILENCED:
        caplog.set_level(logging.WARNING, logger=name)

    with pytest.raises(Refused):
        notifier(europe=hook.url).send(chat())

    assert SECRET not in caplog.text
