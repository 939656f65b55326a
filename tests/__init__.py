"""The tests, and the trail simulator they share."""
