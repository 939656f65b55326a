"""Tests of the reports: every format byte for byte, and text from attackers in all of them."""
