"""The site of documentation: pages written by hand, and pages made of schemas, settings, jobs and docstrings."""
