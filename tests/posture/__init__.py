"""Checks of a bucket and its trails, from facts alone."""
