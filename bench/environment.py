"""The peers' own environment: a venv under the user's cache, rebuilt when `peers.txt` changes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

WANTED = Path(__file__).with_name("peers.txt")


def peers() -> Path:
    """Return the folder of the peers' commands; build the environment first if necessary."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "desk-sync" / "bench"
    folder = cache / hashlib.sha256(WANTED.read_bytes()).hexdigest()[:12]
    if not (folder / "ready").exists():
        print("building the peers' environment", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=False)
        _install(folder / "bin" / "python")
        (folder / "ready").touch()
    return folder / "bin"


def versions() -> str:
    """Return the versions of the peers' packages."""
    names = [line.partition("[")[0] for line in WANTED.read_text().split()]
    code = f"from importlib.metadata import version; print(', '.join(f'{{n}} {{version(n)}}' for n in {names}))"
    return subprocess.run([peers() / "python", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def _install(python: Path) -> None:
    by_uv = [Path(sys.executable).with_name("uv"), "pip", "install", "-q", "--python", python, "-r", WANTED]
    by_pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "-r", WANTED]
    environment = os.environ | {"UV_SYSTEM_CERTS": "1"}
    if not by_uv[0].exists() or subprocess.run(by_uv, env=environment, check=False).returncode:
        subprocess.run(by_pip, check=True)
