"""The usual way: each event is a Celery task, which reads its ticket and writes two fields.

`celery -A bench.per_event worker`; the broker and Desk's URL come from the environment. It makes no decision, no
look-up and no record, and counts no credits: less than the product does.
"""

from __future__ import annotations

import os
import threading

import requests
from celery import Celery

DESK = f"{os.environ.get('DESK_SYNC_DESK_URL', '')}/api/v1/tickets/"
WANTED = {"cf": {"cf_priority_customer_large_user_account": "true", "cf_severity": "S1-Critical"}}
HEADERS = {"Authorization": "Zoho-oauthtoken 1000.bench", "orgId": "1"}

app = Celery(
    broker=os.environ.get("DESK_SYNC_REDIS_URL", "").replace("unix://", "redis+socket://"),
    task_ignore_result=True,
    task_default_queue="per_event",
)
_own = threading.local()


@app.task(autoretry_for=(requests.RequestException,), retry_backoff=True)
def handle(ticket_id: str) -> None:
    session = _session()
    session.get(DESK + ticket_id, timeout=10).json()
    session.patch(DESK + ticket_id, json=WANTED, timeout=10).json()


def _session() -> requests.Session:
    """Return the session of this thread, which keeps its connection."""
    if not hasattr(_own, "session"):
        _own.session = requests.Session()
        _own.session.headers.update(HEADERS)
        _own.session.trust_env = False
    session: requests.Session = _own.session
    return session
