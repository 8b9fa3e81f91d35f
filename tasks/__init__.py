"""Doors for the worker: ids in, one service called, nothing out."""
