"""Tests of the rules about records."""
