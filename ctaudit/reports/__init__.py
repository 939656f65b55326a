"""A Table to text: tables, JSON, CSV, TSV, Markdown; knows no question."""
