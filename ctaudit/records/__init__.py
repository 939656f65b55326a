"""From bytes to events and faults: containers, columns, identity, verbs, targets. No input or output."""
