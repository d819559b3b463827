"""From heterogeneous text about images to a long-tail label vocabulary and balanced manifests."""
