"""Dated rate cards, and exact rating of usage at list prices."""
