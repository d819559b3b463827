"""Ground floor: configuration, the Spark session, tables, the record of a run."""
