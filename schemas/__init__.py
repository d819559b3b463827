"""One JSON file a table and version: read by the code, the tests and the docs."""
