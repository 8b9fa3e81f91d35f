"""The units of deploy/systemd start their processes again, however often these end."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

import pytest

UNITS = sorted((Path(__file__).parents[2] / "deploy" / "systemd").glob("*.service"))


@pytest.mark.parametrize("file", [pytest.param(each, id=each.name) for each in UNITS])
def test_a_unit_restarts_always_and_without_a_limit(file):
    """By default systemd gives a unit up that ends five times within ten seconds."""
    unit = ConfigParser(strict=False, interpolation=None)
    unit.read_string(file.read_text())

    assert unit["Service"]["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


def test_there_is_a_unit_for_each_process():
    assert {each.stem.removeprefix("desk-sync-") for each in UNITS} == {"serve", "worker", "pulls", "beat"}
