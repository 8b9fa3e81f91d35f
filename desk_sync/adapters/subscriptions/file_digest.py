"""The digest of files and of all that decides how they are read. Equal digests: the same accounts and warnings."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from functools import cache
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from pathlib import Path

_CODE = ("subscriptions", "text")
"""The folders of the adapters that read files; libraries change with the version of desk-sync only."""


def file_digest(paths: Sequence[Path], regions: Collection[str]) -> str | None:
    """Return the digest of the files and their names, the regions and the program; None if a file cannot be read."""
    digest = hashlib.sha256(_program())
    digest.update(repr(sorted(regions)).encode())
    try:
        for path in paths:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, hashlib.sha256).hexdigest()
            digest.update(f"{str(path)!r} {content}".encode())
    except OSError:
        return None
    return digest.hexdigest()


@cache
def _program() -> bytes:
    digest = hashlib.sha256(metadata.version("desk-sync").encode())
    for folder in _CODE:
        for file in _sources(resources.files("desk_sync.adapters").joinpath(folder)):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.digest()


def _sources(folder: Traversable) -> Sequence[Traversable]:
    found: list[Traversable] = []
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        if each.is_dir():
            found += _sources(each)
        elif each.name.endswith((".py", ".txt")):
            found.append(each)
    return found
