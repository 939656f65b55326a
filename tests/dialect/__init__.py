"""Tests of the translator: Athena's SQL as people write it gives the rows that Athena would give, or is refused."""
