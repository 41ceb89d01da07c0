"""The books on disk: SQLite or PostgreSQL, every row one practice's."""
