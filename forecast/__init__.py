"""Commitment sizing for LLM contracts: the domain."""

__version__ = "0.1.0"
