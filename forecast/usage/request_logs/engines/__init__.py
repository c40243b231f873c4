"""Where the aggregation runs: DuckDB in this process, or Spark for those who outgrow it."""
