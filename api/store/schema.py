"""The tables. A change here needs a migration (migrations/versions); a test holds both together."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

from api.store.columns import MicroUsd, UtcInstant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = String(32)
Sha256 = String(64)
Counter = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up by itself only in a column of exactly this type."""


def _owner() -> Column[str]:
    return Column("organisation_id", Id, ForeignKey("organisations.id"), nullable=False, index=True)


organisations = Table(
    "organisations",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(120), nullable=False, unique=True),
    Column("created_at", UtcInstant, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Id, primary_key=True),
    _owner(),
    Column("name", String(120), nullable=False),
    Column("digest", Sha256, nullable=False, unique=True),
    Column("scope", String(8), nullable=False),
    Column("created_at", UtcInstant, nullable=False),
    Column("expires_at", UtcInstant),
    Column("revoked_at", UtcInstant),
    CheckConstraint("scope IN ('read', 'size', 'admin')", name="scope"),
)

datasets = Table(
    "datasets",
    metadata,
    Column("id", Id, primary_key=True),
    _owner(),
    Column("name", String(120), nullable=False),
    Column("created_at", UtcInstant, nullable=False),
)

portfolios = Table(
    "portfolios",
    metadata,
    Column("organisation_id", Id, ForeignKey("organisations.id"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("etag", Sha256, nullable=False),
    Column("created_at", UtcInstant, nullable=False),
    Column("updated_at", UtcInstant, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Id, primary_key=True),
    _owner(),
    Column("kind", String(32), nullable=False),
    Column("state", String(12), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("created_at", UtcInstant, nullable=False),
    Column("available_at", UtcInstant, nullable=False),
    Column("finished_at", UtcInstant),
    Column("n_attempts", Integer, nullable=False),
    Column("lease_token", Id),
    Column("lease_until", UtcInstant),
    Column("progress_share", Float, nullable=False),
    Column("progress_step", String(200), nullable=False),
    Column("cancel_asked", Boolean, nullable=False),
    Column("failure", JSON(none_as_null=True)),
    CheckConstraint(
        "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="state"
    ),
    CheckConstraint("(state = 'running') = (lease_token IS NOT NULL)", name="lease"),
    Index("ix_jobs_state_available_at", "state", "available_at"),
    Index("ix_jobs_organisation_id_created_at", "organisation_id", "created_at"),
)

recommendations = Table(
    "recommendations",
    metadata,
    Column("id", Id, ForeignKey("jobs.id"), primary_key=True),
    _owner(),
    Column("created_at", UtcInstant, nullable=False),
    Column("status", String(24), nullable=False),
    Column("amount_usd", MicroUsd, nullable=False),
    Column("package_version", String(32), nullable=False),
)
"""`amount_usd` is what to sign for, or what not to exceed; `id` is that of the job, so that a job
can publish one result and no second."""

contracts = Table(
    "contracts",
    metadata,
    Column("id", Id, primary_key=True),
    _owner(),
    Column("created_at", UtcInstant, nullable=False),
    Column("name", String(120), nullable=False),
    Column("sha256", Sha256, nullable=False),
    Column("recommendation_id", Id, nullable=False),
    Column("term_start", Date, nullable=False),
    Column("term_months", Integer, nullable=False),
    Column("commitment_usd", MicroUsd, nullable=False),
    Index("uq_contracts_organisation_id_sha256", "organisation_id", "sha256", unique=True),
)
"""A signed contract with the files of the advice it was signed on, so that it outlives the
recommendation. The same contract again has the same digest and is kept once."""

reforecasts = Table(
    "reforecasts",
    metadata,
    Column("id", Id, ForeignKey("jobs.id"), primary_key=True),
    _owner(),
    Column("contract_id", Id, ForeignKey("contracts.id"), nullable=False, index=True),
    Column("as_of", Date, nullable=False),
    Column("previous_id", Id),
    Column("fingerprint", Sha256, nullable=False),
    Column("created_at", UtcInstant),
    Column("expect_to_pay_usd", MicroUsd),
    Column("package_version", String(32)),
)
"""A re-forecast that was asked for; one that is published has `created_at`. `previous_id` is what
it is held against, null for the advice; `fingerprint` is that of everything it is made from."""

files = Table(
    "files",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    _owner(),
    Column("owner_kind", String(16), nullable=False),
    Column("owner_id", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("position", Integer, nullable=False),
    Column("name", String(120), nullable=False),
    Column("sha256", Sha256, nullable=False),
    Column("n_bytes", BigInteger, nullable=False),
    Index(
        "uq_files_owner",
        "organisation_id",
        "owner_kind",
        "owner_id",
        "role",
        "position",
        unique=True,
    ),
)
"""Which artifact is what of a dataset, a portfolio, a contract, a job (what went in), a
recommendation or a re-forecast (what came out). An artifact that no row names is swept away."""

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("organisation_id", Id, ForeignKey("organisations.id"), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", Sha256, nullable=False),
    Column("resource_id", Id, nullable=False),
    Column("taken_at", UtcInstant, nullable=False),
    Column("status", Integer),
    Column("headers", JSON(none_as_null=True)),
    Column("body", Text),
)
"""`status` is null while the first request is under way."""

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    _owner(),
    Column("at", UtcInstant, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(120), nullable=False),
    Column("path", String(255), nullable=False),
    Column("status", Integer, nullable=False),
)
"""`actor` is the id of a key, `local`, or `operator` for the command line."""
