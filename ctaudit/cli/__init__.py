"""The command line: Click, the clock, the two streams and the exit codes; knows the doors and the reports."""
