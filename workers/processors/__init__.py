"""One module a kind of medium; see `base` for what a processor is."""
