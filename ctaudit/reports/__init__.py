"""A Table to text: tables, JSON, CSV, TSV, Markdown. Knows no question."""
