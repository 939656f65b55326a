"""What of a deletion could still be undone, as far as the log shows it: rules without I/O."""
