"""A trail simulator: events, log files and signed digests in memory, to cut, edit, move, withhold, re-sign."""
