"""Tests of the engines: what strange SQL can and cannot do, and what a Query finds."""
