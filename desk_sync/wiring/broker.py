"""The broker of worker, beat and receiver, for Celery's application."""

from __future__ import annotations

from desk_sync.adapters.runtime.celery_broker import BrokerProtocol

__all__ = ["BrokerProtocol"]
