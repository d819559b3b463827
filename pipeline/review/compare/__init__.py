"""How two finished runs differ; read without Spark."""
