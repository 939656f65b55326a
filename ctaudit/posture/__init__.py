"""Whether evidence is safe where it lies: from what AWS says of a bucket and its trails to checks."""
