"""What could be undone: trails with known answers, in pairs."""
