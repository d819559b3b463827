"""A published manifest as rows for training; neither Spark nor torch is needed."""

from pipeline.manifest.reader.manifest_reader import ManifestReader, as_torch_dataset, targets

__all__ = ["ManifestReader", "as_torch_dataset", "targets"]
