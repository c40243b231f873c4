"""The only place where the stages meet: one file per front door."""
