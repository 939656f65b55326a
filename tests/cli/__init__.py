"""The command line, as a contract: help, cost of starting, streams, exit codes, terminals, hostile text."""
