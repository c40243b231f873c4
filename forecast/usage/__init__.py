"""Exports in, one daily usage table out."""
