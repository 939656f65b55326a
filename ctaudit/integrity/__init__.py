"""What proves that logs are the ones AWS wrote: digests, signatures, chains, verdicts; from bytes and values alone."""
