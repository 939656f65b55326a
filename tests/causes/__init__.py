"""Which call made a service delete something: trails with known answers, in pairs."""
