"""Phrases that are one by their strings: inflection, spelling, order, translation."""
