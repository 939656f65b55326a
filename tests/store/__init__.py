"""Tests of the store: real evidence into real stores, killed, filled up, damaged and read by others meanwhile."""
