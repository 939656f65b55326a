"""From bytes to events and faults: containers, columns, identity, verbs, targets; no input, no output."""
