"""Tests of the rules by which credentials are followed back."""
