"""Tests of integrity: a trail broken in every known way, and the verdict that each way should get."""
