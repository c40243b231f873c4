"""Alembic, run from the program itself: there is no alembic.ini."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def configuration() -> Config:
    """Tell Alembic where the migrations are."""
    found = Config()
    place = Path(__file__).parent / "migrations"
    found.set_main_option("script_location", str(place).replace("%", "%%"))
    return found


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the tables to a revision within the transaction of a connection."""
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def head() -> str:
    """Give the newest revision among the migrations."""
    found = ScriptDirectory.from_config(configuration()).get_current_head()
    assert found is not None, "there is at least one migration"
    return found
