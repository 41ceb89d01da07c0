"""The screens, over HTTP alone."""
