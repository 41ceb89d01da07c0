"""How the books came to their shape, revision by revision. Run by `serving.store.migrate`."""
