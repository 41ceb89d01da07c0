"""Models suggest; people sign. Nothing here enters a claim, a posting or a statement."""
