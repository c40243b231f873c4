"""Pages to print: one per workload for its engineer, and the efficiency dossier."""
