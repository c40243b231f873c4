"""How the service is told what to do: the environment, files of secrets, and one TOML file.

    the command line            wins, where it has the option
    COMMITMENT_NAME             a variable of the environment; an empty one counts as absent
    SECRETS_DIR/commitment_name one file a value, as containers and systemd credentials give them
    COMMITMENT_CONFIG           a TOML file: the same names in small letters
    the default

`commitment config check` reads all of it and says what is wrong; `commitment config show` says
which value came from where, without the secrets.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from api.documents import decode_text, parse_toml, read_bytes
from api.settings import LOOPBACK, MEGABYTE, Access, LogFormat, LogLevel, Settings
from api.validation import DocumentError, Fault, faults_of

PREFIX: Final = "COMMITMENT_"
CONFIG: Final = "COMMITMENT_CONFIG"
SECRETS_DIRS: Final = ("COMMITMENT_SECRETS_DIR", "CREDENTIALS_DIRECTORY")
"""The first that is set: ours, or what systemd gives a unit with LoadCredential."""

BY_DEFAULT: Final = "default"

_REQUESTS_WITH_KEYS = 1200
_NOT_OURS: Final = frozenset({CONFIG, SECRETS_DIRS[0]})
_POSTGRESQL: Final = "postgresql+psycopg://"


class Stated(BaseSettings):
    """What may be stated, in the units of people who run services."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )

    data_dir: Path | None = None
    """Where rows and files are kept that have no URL; the default is the user's data directory."""
    access: Access = Access.LOCAL
    """`local`: one user of this machine, without a key. `keys`: who presents a key."""
    host: str = LOOPBACK[0]
    """Address that is listened on; other than loopback only with keys."""
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    """Server processes."""
    job_workers: Annotated[int, Field(ge=0, le=64)] = 1
    """Processes beside them that work on jobs; 0 where other machines do."""
    trusted_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Names the service is called by, by commas; this machine's own are always answered."""
    database_url: SecretStr | None = None
    """postgresql+psycopg://USER:PASSWORD@HOST/NAME; the default is the embedded database."""
    artifacts_url: SecretStr | None = None
    """fsspec URL of the files; the default is below `data_dir`."""
    max_body_mb: Annotated[int, Field(ge=1, le=4096)] = 256
    """Largest request."""
    requests_per_minute: Annotated[int, Field(ge=1, le=10**6)] | None = None
    """Of one key in one process; the default is 1200 with keys and no limit without."""
    retention_days: Annotated[int, Field(ge=1, le=36500)] | None = None
    """Results older than this are deleted; the default keeps them."""
    lease_seconds: Annotated[int, Field(ge=2, le=3600)] = 30
    """After which a worker that is silent is dead."""
    session_secret: Annotated[SecretStr, Field(min_length=32)] | None = None
    """Signs the sessions of the pages on every machine; the default is a file in `data_dir`."""
    metrics_key: Annotated[SecretStr, Field(min_length=16)] | None = None
    """What a collector presents at /metrics; without it only the local mode tells metrics."""
    log_level: LogLevel = "info"
    log_format: LogFormat = "auto"
    """`json`, `text`, or `auto`: text for a terminal and JSON for everything else."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  pydantic passes it by position
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  pydantic passes it by name
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  pydantic passes it by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  passed by name too
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take nothing but what `read` gathered, which knows where each value came from."""
        return (init_settings,)

    @field_validator("trusted_hosts", mode="before")
    @classmethod
    def _by_commas(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(host.strip() for host in value.split(",") if host.strip())

    @field_validator("database_url")
    @classmethod
    def _is_known_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(_POSTGRESQL):
            raise ValueError(f"has to begin with {_POSTGRESQL}")
        return value


SECRETS: Final = frozenset({"database_url", "artifacts_url", "session_secret", "metrics_key"})


@dataclass(frozen=True)
class Configuration:
    """What holds, and where it was said.

    Attributes
    ----------
    origins
        By name: a variable, a file, or `default`.
    """

    stated: Stated
    settings: Settings
    origins: Mapping[str, str]


def read(environ: Mapping[str, str] | None = None, *, file: Path | None = None) -> Configuration:
    """Read every source.

    Parameters
    ----------
    environ
        None is that of this process.
    file
        A TOML file, instead of the one that COMMITMENT_CONFIG names.

    Raises
    ------
    DocumentError
        With every value that cannot be used, each at its variable or key.
    """
    found = os.environ if environ is None else environ
    path = file or (Path(found[CONFIG]) if found.get(CONFIG) else None)
    values: dict[str, Any] = {}
    origins = dict.fromkeys(Stated.model_fields, BY_DEFAULT)
    for given, named in (
        (_file(path), lambda name: f"{name} in {path}"),
        (_secrets(found), lambda name: f"the secret {PREFIX.lower()}{name}"),
        (_variables(found), lambda name: PREFIX + name.upper()),
    ):
        values |= given
        origins |= {name: named(name) for name in given}
    try:
        stated = Stated(**values)
    except ValidationError as error:
        faults = [_placed(fault, origins, values) for fault in faults_of(error, Stated)]
        raise DocumentError(faults) from None
    return Configuration(stated, _settings(stated, found), origins)


def _variables(environ: Mapping[str, str]) -> dict[str, Any]:
    source = EnvSettingsSource(Stated)
    source.env_vars = {name.lower(): value for name, value in environ.items() if value}
    return source()


def _secrets(environ: Mapping[str, str]) -> dict[str, Any]:
    """Read the files of a directory that is there only where somebody has secrets."""
    place = next((environ[name] for name in SECRETS_DIRS if environ.get(name)), None)
    if place is None or not Path(place).is_dir():
        return {}
    return SecretsSettingsSource(Stated, secrets_dir=place)()


def _file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    return parse_toml(decode_text(read_bytes(path), file=str(path)), file=str(path))


def _placed(fault: Fault, origins: Mapping[str, str], values: Mapping[str, Any]) -> Fault:
    """Put a fault at its variable or key, and leave out what a secret was."""
    name = str(fault.path[0]) if fault.path else ""
    problem = fault.problem
    if name in SECRETS and isinstance(given := values.get(name), str):
        problem = problem.replace(f", not {given!r}", "")
        if "at least" in problem:
            problem = f"is too short: it has {len(given)} characters, and {problem}"
    return Fault((origins.get(name, name),), problem)


def _settings(stated: Stated, environ: Mapping[str, str]) -> Settings:
    by_default = _REQUESTS_WITH_KEYS if stated.access is Access.KEYS else None
    return Settings(
        data_dir=stated.data_dir or _user_data_dir(environ),
        max_body_bytes=stated.max_body_mb * MEGABYTE,
        trusted_hosts=(*LOOPBACK, *stated.trusted_hosts),
        access=stated.access,
        database_url=_told(stated.database_url),
        artifacts_url=_told(stated.artifacts_url),
        requests_per_minute=stated.requests_per_minute or by_default,
        retention_days=stated.retention_days,
        lease_seconds=stated.lease_seconds,
        session_secret=_told(stated.session_secret),
        metrics_key=_told(stated.metrics_key),
        log_level=stated.log_level,
        log_format=stated.log_format,
        host=stated.host,
        port=stated.port,
        workers=stated.workers,
        job_workers=stated.job_workers,
    )


def _told(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _user_data_dir(environ: Mapping[str, str]) -> Path:
    base = environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "commitment"


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Say which variables look like ours and are read by nobody.

    >>> unknown_variables({"COMMITMENT_ACCES": "keys"})
    ['COMMITMENT_ACCES is read by nobody; did you mean COMMITMENT_ACCESS?']
    """
    known = {PREFIX + name.upper() for name in Stated.model_fields} | _NOT_OURS
    found = []
    for name in sorted(n for n in environ if n.startswith(PREFIX) and n not in known):
        near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
        found.append(f"{name} is read by nobody" + (f"; did you mean {near[0]}?" if near else ""))
    return found


def doubts(settings: Settings) -> list[str]:
    """Say what is allowed and is seldom meant.

    >>> doubts(Settings(data_dir=Path("/srv/c")))
    []
    """
    found = []
    with_keys = settings.access is Access.KEYS
    if with_keys and not set(settings.trusted_hosts) - set(LOOPBACK):
        found.append(
            "trusted_hosts is empty: whoever calls the service by a name other than 127.0.0.1 or "
            "localhost is refused"
        )
    if settings.database_url and not settings.artifacts_url:
        found.append(
            "database_url is set and artifacts_url is not: every machine has to see the same files "
            f"below {settings.data_dir}"
        )
    if settings.database_url and not settings.session_secret:
        found.append(
            "session_secret is not set: each machine signs sessions of its own, and a sign-in on "
            "one is none on the other"
        )
    if with_keys and not settings.metrics_key:
        found.append("metrics_key is not set: /metrics tells nobody anything")
    return found


def refusals(settings: Settings) -> list[str]:
    """Say why `commitment serve` would refuse to start.

    >>> refusals(Settings(data_dir=Path("/srv/c"), host="0.0.0.0"))
    ["without keys the service is not offered on '0.0.0.0'; set access to keys"]
    """
    if settings.host not in LOOPBACK and settings.access is Access.LOCAL:
        return [f"without keys the service is not offered on {settings.host!r}; set access to keys"]
    return []


def masked(configuration: Configuration) -> dict[str, dict[str, str | None]]:
    """Give every value that holds and where it was said; of secrets, that they are set."""
    shown: dict[str, dict[str, str | None]] = {}
    for name, origin in configuration.origins.items():
        value = getattr(configuration.stated, name)
        if name == "data_dir":
            value = configuration.settings.data_dir
        elif name == "requests_per_minute":
            value = configuration.settings.requests_per_minute
        if name in SECRETS and value is not None:
            text: str | None = "(set, not shown)"
        elif isinstance(value, tuple):
            text = ", ".join(value)
        else:
            text = None if value is None else str(value)
        shown[name] = {"value": text, "from": origin}
    return shown
