"""The use cases: each asks may(actor, action, practice) and leaves an event."""
