"""Where evidence comes from; everything is opened read-only."""
