"""Reads a run and shows it; changes nothing."""
