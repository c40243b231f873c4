"""Signed contracts and their re-forecasts."""

import sqlalchemy as sa
from alembic import op

from api.store.columns import MicroUsd, UtcInstant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "contracts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("recommendation_id", sa.String(length=32), nullable=False),
        sa.Column("term_start", sa.Date(), nullable=False),
        sa.Column("term_months", sa.Integer(), nullable=False),
        sa.Column("commitment_usd", MicroUsd(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_contracts_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contracts")),
    )
    op.create_index(
        op.f("ix_contracts_organisation_id"), "contracts", ["organisation_id"], unique=False
    )
    op.create_index(
        "uq_contracts_organisation_id_sha256",
        "contracts",
        ["organisation_id", "sha256"],
        unique=True,
    )
    op.create_table(
        "reforecasts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("organisation_id", sa.String(length=32), nullable=False),
        sa.Column("contract_id", sa.String(length=32), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("previous_id", sa.String(length=32), nullable=True),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcInstant(), nullable=True),
        sa.Column("expect_to_pay_usd", MicroUsd(), nullable=True),
        sa.Column("package_version", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["contracts.id"], name=op.f("fk_reforecasts_contract_id")
        ),
        sa.ForeignKeyConstraint(["id"], ["jobs.id"], name=op.f("fk_reforecasts_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisations.id"], name=op.f("fk_reforecasts_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reforecasts")),
    )
    for column in ("organisation_id", "contract_id"):
        op.create_index(op.f(f"ix_reforecasts_{column}"), "reforecasts", [column], unique=False)


def downgrade() -> None:
    """Drop them; jobs and files of re-forecasts stay until they are swept."""
    op.drop_table("reforecasts")
    op.drop_table("contracts")
