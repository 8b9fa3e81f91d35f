"""Notices by mail and chat, through apprise: Cliq, Slack, Teams and every other service with an apprise URL.

Mail is sent through the server of one such URL, as plain text and HTML; a chat gets the brief text. A mail carries the
notice's key as its Message-ID, so that a repeat can be recognised. URLs hold secrets: errors and log lines contain only
the name of the variable that holds the URL.
"""

from __future__ import annotations

import logging
import re
import smtplib
import ssl
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formataddr
from functools import partial
from html import escape
from threading import Thread
from typing import TypeVar

import apprise
from apprise.plugins.email import NotifyEmail

from desk_sync.domain.escalation.notice import Notice
from desk_sync.domain.escalation.staff import NoticeChannel
from desk_sync.errors import Refused, TemporaryError

SECONDS = 15.0
MAIL = "mail"

# apprise logs URLs and answers.
logging.getLogger("apprise").disabled = True

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseNotifier:
    """Sends notices. `find` returns the apprise URL of a name, or ""; `MAIL` is the name of the mail server.

    A send that takes longer than `seconds` is abandoned: the notice may have arrived.
    """

    find: Callable[[str], str]
    seconds: float = SECONDS

    def send(self, notice: Notice) -> None:
        send = {NoticeChannel.MAIL: self._mail, NoticeChannel.CHAT: self._chat}[notice.to.channel]
        _within(self.seconds, partial(send, notice))

    def _mail(self, notice: Notice) -> None:
        server = self._plugin(MAIL)
        if not isinstance(server, NotifyEmail):
            raise Refused("the address of the mail server is not a mailto:// or mailtos:// URL")
        try:
            with _connected(server, self.seconds) as smtp:
                smtp.send_message(_message(notice, server))
        except smtplib.SMTPResponseException as error:
            raise _answered(error.smtp_code) from None
        except smtplib.SMTPRecipientsRefused as error:
            raise _answered(min(code for code, _ in error.recipients.values())) from None
        except (OSError, smtplib.SMTPException) as error:
            raise TemporaryError(f"the mail server did not accept the notice: {type(error).__name__}") from None

    def _chat(self, notice: Notice) -> None:
        plugin = self._plugin(notice.to.to)
        plugin.socket_connect_timeout = plugin.socket_read_timeout = self.seconds
        if not plugin.notify(body=notice.brief, title=notice.subject):
            raise Refused(f"the channel behind {notice.to} did not accept the notice")

    def _plugin(self, name: str) -> apprise.NotifyBase:
        url = self.find(name)
        if not url:
            raise Refused(f"no address is set for {name}")
        plugin = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if not isinstance(plugin, apprise.NotifyBase):
            raise Refused(f"the address that is set for {name} is not an apprise URL")
        return plugin


def _connected(server: NotifyEmail, seconds: float) -> smtplib.SMTP:
    """Return a connection to the server, signed in."""
    context = ssl.create_default_context()
    if server.secure_mode == "ssl":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.smtp_host, server.port or 0, timeout=seconds, context=context)
    else:
        smtp = smtplib.SMTP(server.smtp_host, server.port or 0, timeout=seconds)
    if server.secure_mode == "starttls":
        smtp.starttls(context=context)
    if server.user and server.password:
        smtp.login(server.user, server.password)
    return smtp


def _message(notice: Notice, server: NotifyEmail) -> EmailMessage:
    message = EmailMessage()
    name, address = (str(part or "desk-sync") for part in server.from_addr)
    message["From"] = formataddr((name, address))
    message["To"] = notice.to.to
    message["Subject"] = notice.subject
    message["Message-ID"] = f"<{notice.key}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(notice.text)
    message.add_alternative(_html(notice), subtype="html")
    return message


def _html(notice: Notice) -> str:
    """Return the notice as HTML: a paragraph for each message, its first line in bold, links that can be followed."""
    header = (f"<p><em>{escape(each)}</em></p>" for each in notice.header)
    return "\n".join((*header, *map(_paragraph, notice.lines), f"<p><small>[{escape(notice.key)}]</small></p>"))


def _paragraph(line: str) -> str:
    first, *others = (_LINK.sub(_anchor, escape(each)) for each in line.split("\n"))
    return "<p>" + "<br>\n".join((f"<strong>{first}</strong>", *others)) + "</p>"


def _anchor(found: re.Match[str]) -> str:
    return f'<a href="{found[0]}">{found[0]}</a>'


_LINK = re.compile(r"https://\S+")


def _answered(code: int) -> Refused | TemporaryError:
    """Return the error for the mail server's code: 5xx is permanent."""
    message = f"the mail server answered {code}"
    return Refused(message) if code >= 500 else TemporaryError(message)


def _within(seconds: float, call: Callable[[], T]) -> T:
    """Return or raise the outcome of the call. Raises TemporaryError if it takes longer, and leaves it running."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised again in the waiting thread
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    try:
        return future.result(timeout=seconds)
    except TimeoutError:
        raise TemporaryError(f"no answer within {seconds:g} s: the notice may have arrived") from None
