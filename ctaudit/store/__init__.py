"""The event store on disk: Parquet segments by date, a DuckDB catalog, and the readers and writers of both."""
