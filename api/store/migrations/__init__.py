"""Migrations of the tables, for Alembic; each is written once and never edited."""
