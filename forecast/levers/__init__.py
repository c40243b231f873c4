"""Batch, caching and routing: token mixes in, token mixes out."""
