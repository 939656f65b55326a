"""Tests of what is called unusual, and what is not."""
