"""Who answers a question: DuckDB, embedded."""
