"""Named queries: SQL files with a header, what a header says, and values for their parameters; text in, values out."""
