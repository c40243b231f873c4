"""Fetching the reports of Anthropic's Admin API: the one place that speaks to a vendor."""
