"""Tests of the lives of things."""
