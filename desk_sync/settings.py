"""Settings from the environment: addresses and secrets. Everything else is in the mapping file.

Each setting is read from `DESK_SYNC_<NAME>`; a secret also from the file at the path in `DESK_SYNC_<NAME>_FILE`.
The secrets of a portal in the mapping include its name: `DESK_SYNC_EUROPE_CLIENT_ID`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from desk_sync.errors import ConfigurationError

PREFIX = "DESK_SYNC_"
OAUTH = ("client_id", "client_secret", "refresh_token")
SECRETS = (*OAUTH, "database_url", "redis_url")


class Settings(BaseSettings):
    """The validated settings. Secrets are masked when printed."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", hide_input_in_errors=True, frozen=True)

    data_center: str = Field(default="us", description="whose hosts are used: us, eu, in, au, jp, ca, sa, cn, …")
    desk_url: str | None = Field(default=None, description="instead of the data centre's Desk host")
    accounts_url: str | None = Field(default=None, description="instead of the data centre's accounts host")
    org_id: str = Field(default="", description="the portal's organisation id")
    webhook_id: str = Field(default="", description="the id of the webhook that Desk calls us by")
    client_id: SecretStr = SecretStr("")
    client_secret: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")
    database_url: SecretStr = Field(default_factory=lambda: SecretStr(f"sqlite:///{_state() / 'desk-sync.sqlite3'}"))
    redis_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    mapping: str = Field(default="partner_support", description="a shipped mapping, or the path of one")
    workers: int = Field(default=4, ge=1, le=25, description="calls to Desk that one worker process has in flight")
    concurrency: int = Field(default=10, ge=1, le=100, description="calls that all processes may have in flight")
    credit_reserve: int = Field(default=5000, ge=0, description="credits of a day that the worst tickets alone may use")
    sweep_every: float = Field(default=180, ge=1, le=300, description="seconds between two sweeps of recent changes")
    longest_pause: float = Field(default=90, ge=1, le=600, description="seconds between two probes of an ill portal")
    missed_share: float = Field(default=0.05, ge=0, le=1, description="of changes that may come without a delivery")
    keep_details: float = Field(default=30, ge=1, description="days that deliveries and ended tickets' details stay")
    keep_keys: float = Field(default=400, ge=1, description="days that the keys of ended tickets' effects are kept")
    keep_tickets: float = Field(default=1100, ge=1, description="days that ended tickets are kept, for reports")
    alive_url: SecretStr | None = Field(default=None, description="called after each audit that found all in order")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"


class _IsolatedSettings(Settings):
    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def without_environment(**given: Any) -> Settings:
    """Return these settings and the defaults, without reading the environment."""
    return _IsolatedSettings(**given)


def load() -> Settings:
    """Return the settings of this process. Raises ConfigurationError, which names every wrong variable."""
    try:
        return Settings.model_validate(_from_files())
    except ValidationError as error:
        problems = "; ".join(f"{PREFIX}{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors())
        raise ConfigurationError(problems) from None


def oauth(settings: Settings) -> dict[str, str]:
    """Return the OAuth client of the portal in the environment. Raises ConfigurationError if a part is not set."""
    require(settings, *OAUTH)
    return {name: getattr(settings, name).get_secret_value() for name in OAUTH}


def oauth_of(portal: str) -> dict[str, str]:
    """Return the OAuth client of a portal in the mapping. Raises ConfigurationError if a part is not set."""
    variables = {name: f"{PREFIX}{portal.replace('-', '_')}_{name}".upper() for name in OAUTH}
    found = {name: _secret(variable) for name, variable in variables.items()}
    _require_set([variables[name] for name, value in found.items() if not value])
    return found


def database_url_of(source: str) -> str:
    """Return the database URL of a source of subscription data. Raises ConfigurationError if it is not set."""
    variable = f"{PREFIX}{source.replace('-', '_')}_database_url".upper()
    url = _secret(variable)
    _require_set([] if url else [variable])
    return url


def notice_url(name: str) -> str:
    """Return the apprise URL for notices under this name; empty if none is set."""
    return _secret(f"{PREFIX}notice_{name}".upper())


def require(settings: Settings, *names: str) -> None:
    """Raise ConfigurationError, which names the missing settings, if some are not set."""
    _require_set(missing(settings, *names))


def missing(settings: Settings, *names: str) -> list[str]:
    """Return the environment variables of those settings that are not set."""
    values = {name: getattr(settings, name) for name in names}
    return [
        f"{PREFIX}{name.upper()}"
        for name, value in values.items()
        if not (value.get_secret_value() if isinstance(value, SecretStr) else value)
    ]


def _require_set(missing_variables: Sequence[str]) -> None:
    if missing_variables:
        raise ConfigurationError(
            f"not set: {', '.join(missing_variables)}", hint="README.md, “Run it for real”, lists the settings"
        )


def _from_files() -> dict[str, SecretStr]:
    files = {name: _in_file(f"{PREFIX}{name.upper()}") for name in SECRETS}
    return {name: SecretStr(content) for name, content in files.items() if content is not None}


def _secret(variable: str) -> str:
    in_file = _in_file(variable)
    return os.environ.get(variable, "") if in_file is None else in_file


def _in_file(variable: str) -> str | None:
    """Return the content of the file at the path in `<variable>_FILE`; None if that is not set."""
    path = os.environ.get(f"{variable}_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise ConfigurationError(f"{variable}_FILE: {path}: {error.strerror}") from None


def _state() -> Path:
    """Return the folder of the default database, in the user's state folder."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "desk-sync"
