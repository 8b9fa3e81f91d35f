"""The HTTP library is the one that our limits were built on."""

from __future__ import annotations

import importlib.machinery

import pytest
import requests.adapters

from desk_sync.adapters.runtime import dependency_check as libraries
from desk_sync.errors import ConfigurationError


def test_this_environment_has_the_genuine_urllib3():
    assert libraries.check_urllib3().startswith("urllib3 ")


@pytest.mark.parametrize("impostor", ["niquests", "urllib3_future"])
def test_a_fork_beside_it_is_found(monkeypatch, impostor):
    known = {impostor: importlib.machinery.ModuleSpec(impostor, None)}
    monkeypatch.setattr(libraries, "find_spec", known.get)

    with pytest.raises(ConfigurationError, match=impostor):
        libraries.check_urllib3()


def test_a_fork_in_its_place_is_found(monkeypatch):
    monkeypatch.setattr(libraries, "urllib3_version", "2.13.900")

    with pytest.raises(ConfigurationError, match="is installed"):
        libraries.check_urllib3()


def test_requests_that_use_another_pool_are_found(monkeypatch):
    monkeypatch.setattr(requests.adapters, "PoolManager", object)

    with pytest.raises(ConfigurationError):
        libraries.check_urllib3()


def test_a_urllib3_that_is_not_installed_as_a_package_is_not_genuine(monkeypatch):
    def unknown(_):
        raise libraries.PackageNotFoundError

    monkeypatch.setattr(libraries, "version", unknown)

    with pytest.raises(ConfigurationError):
        libraries.check_urllib3()
