"""Athena's SQL as people wrote it, translated for the engine at hand: text in, values out, nothing is run here."""
