"""Tests of the questions' own rules: values in, values out."""
