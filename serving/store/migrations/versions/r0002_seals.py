"""0002: the seals. What was written in the ledger, the event log and the coders' decisions is never changed.

    ledger_leg     a leg of an entry that is sealed is refused; cents are whole (SQLite would take a fraction)
    ledger_entry   the seal: its legs are all there (leg_count, at least two), they sum to zero, and it follows the
                   last entry of the practice in position and hash
    event          follows the last event of the practice in position and hash
    all four       no update, no delete (PostgreSQL: no truncate either)

The same promises on both databases, in each one's own words. SQLite looks at each row before it is written; PostgreSQL
at all the rows of a statement after it, holding the practice's chain head, so that of two transactions the one that
looks later sees what the other wrote (on SQLite there is one writer anyway). A place in a chain is taken once by its
key. Each look is planned anew (EXECUTE): a plan kept from when the tables were small would read them whole for each
row.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

GROWING = ("ledger_leg", "ledger_entry", "event", "decision")

SQLITE_SEALS = (
    """
    CREATE TRIGGER ledger_leg_seal BEFORE INSERT ON ledger_leg BEGIN
      SELECT RAISE(ABORT, 'a leg is whole cents') WHERE typeof(NEW.amount) <> 'integer';
      SELECT RAISE(ABORT, 'the entry is sealed: it takes no more legs') WHERE EXISTS (
        SELECT 1 FROM ledger_entry e WHERE e.practice_id = NEW.practice_id AND e.id = NEW.entry_id);
    END
    """,
    """
    CREATE TRIGGER ledger_entry_seal BEFORE INSERT ON ledger_entry BEGIN
      SELECT RAISE(ABORT, 'an entry needs all its legs, at least two, and they sum to zero') WHERE (
        SELECT count(*) < 2 OR count(*) <> NEW.leg_count OR sum(l.amount) <> 0 FROM ledger_leg l
        WHERE l.practice_id = NEW.practice_id AND l.entry_id = NEW.id);
      SELECT RAISE(ABORT, 'the entry is sealed already') WHERE EXISTS (
        SELECT 1 FROM ledger_entry e WHERE e.practice_id = NEW.practice_id AND e.id = NEW.id);
      SELECT RAISE(ABORT, 'an entry follows the last one of its ledger') WHERE NOT EXISTS (
        SELECT 1 FROM ledger_entry e WHERE e.practice_id = NEW.practice_id
          AND e.position = NEW.position - 1 AND e.hash = NEW.prev_hash
        UNION ALL SELECT 1 WHERE NEW.position = 1 AND NEW.prev_hash = printf('%064d', 0));
      SELECT RAISE(ABORT, 'this place in the ledger is taken') WHERE EXISTS (
        SELECT 1 FROM ledger_entry e WHERE e.practice_id = NEW.practice_id AND e.position = NEW.position);
    END
    """,
    """
    CREATE TRIGGER event_seal BEFORE INSERT ON event BEGIN
      SELECT RAISE(ABORT, 'the event is written already') WHERE EXISTS (
        SELECT 1 FROM event e WHERE e.practice_id = NEW.practice_id AND e.id = NEW.id);
      SELECT RAISE(ABORT, 'an event follows the last one of its log') WHERE NOT EXISTS (
        SELECT 1 FROM event e WHERE e.practice_id = NEW.practice_id
          AND e.position = NEW.position - 1 AND e.hash = NEW.prev_hash
        UNION ALL SELECT 1 WHERE NEW.position = 1 AND NEW.prev_hash = printf('%064d', 0));
      SELECT RAISE(ABORT, 'this place in the log is taken') WHERE EXISTS (
        SELECT 1 FROM event e WHERE e.practice_id = NEW.practice_id AND e.position = NEW.position);
    END
    """,
    """
    CREATE TRIGGER decision_seal BEFORE INSERT ON decision BEGIN
      SELECT RAISE(ABORT, 'the decision is written already') WHERE EXISTS (
        SELECT 1 FROM decision d WHERE d.practice_id = NEW.practice_id AND (d.id = NEW.id
          OR (d.encounter_id = NEW.encounter_id AND d.position = NEW.position)));
    END
    """,
)

POSTGRESQL_SEALS = (
    """
    CREATE FUNCTION cleanclaim_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' only grows: correct it by a new row',
        ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE FUNCTION cleanclaim_seal_legs() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      wrong boolean;
    BEGIN
      PERFORM 1 FROM chain_head h WHERE h.chain = 'ledger'
        AND h.practice_id IN (SELECT DISTINCT a.practice_id FROM added a) ORDER BY h.practice_id FOR UPDATE;
      EXECUTE 'SELECT EXISTS (SELECT 1 FROM added a JOIN ledger_entry e
        ON e.practice_id = a.practice_id AND e.id = a.entry_id)' INTO wrong;
      IF wrong THEN
        RAISE EXCEPTION 'the entry is sealed: it takes no more legs'
          USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION cleanclaim_seal_entries() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      wrong boolean;
    BEGIN
      PERFORM 1 FROM chain_head h WHERE h.chain = 'ledger'
        AND h.practice_id IN (SELECT DISTINCT a.practice_id FROM added a) ORDER BY h.practice_id FOR UPDATE;
      EXECUTE 'SELECT EXISTS (SELECT 1 FROM added a CROSS JOIN LATERAL (
        SELECT count(*) AS legs, coalesce(sum(l.amount), 0) AS total FROM ledger_leg l
        WHERE l.practice_id = a.practice_id AND l.entry_id = a.id) l
        WHERE l.legs < 2 OR l.legs <> a.leg_count OR l.total <> 0)' INTO wrong;
      IF wrong THEN
        RAISE EXCEPTION 'an entry needs all its legs, at least two, and they sum to zero'
          USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      EXECUTE 'SELECT EXISTS (SELECT 1 FROM added a
        WHERE NOT (a.position = 1 AND a.prev_hash = repeat(''0'', 64)) AND NOT EXISTS (
          SELECT 1 FROM ledger_entry e WHERE e.practice_id = a.practice_id
          AND e.position = a.position - 1 AND e.hash = a.prev_hash))' INTO wrong;
      IF wrong THEN
        RAISE EXCEPTION 'an entry follows the last one of its ledger'
          USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION cleanclaim_seal_events() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      wrong boolean;
    BEGIN
      PERFORM 1 FROM chain_head h WHERE h.chain = 'events'
        AND h.practice_id IN (SELECT DISTINCT a.practice_id FROM added a) ORDER BY h.practice_id FOR UPDATE;
      EXECUTE 'SELECT EXISTS (SELECT 1 FROM added a
        WHERE NOT (a.position = 1 AND a.prev_hash = repeat(''0'', 64)) AND NOT EXISTS (
          SELECT 1 FROM event e WHERE e.practice_id = a.practice_id
          AND e.position = a.position - 1 AND e.hash = a.prev_hash))' INTO wrong;
      IF wrong THEN
        RAISE EXCEPTION 'an event follows the last one of its log' USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      RETURN NULL;
    END $$
    """,
    "CREATE TRIGGER ledger_leg_seal AFTER INSERT ON ledger_leg REFERENCING NEW TABLE AS added "
    "FOR EACH STATEMENT EXECUTE FUNCTION cleanclaim_seal_legs()",
    "CREATE TRIGGER ledger_entry_seal AFTER INSERT ON ledger_entry REFERENCING NEW TABLE AS added "
    "FOR EACH STATEMENT EXECUTE FUNCTION cleanclaim_seal_entries()",
    "CREATE TRIGGER event_seal AFTER INSERT ON event REFERENCING NEW TABLE AS added "
    "FOR EACH STATEMENT EXECUTE FUNCTION cleanclaim_seal_events()",
)


def _only_grows(dialect: str, table: str) -> tuple[str, ...]:
    """The statements that make a table refuse update and delete."""
    if dialect == "postgresql":
        return (
            f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION cleanclaim_refuse_change()",
        )
    return tuple(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN "
        f"SELECT RAISE(ABORT, '{table} only grows: correct it by a new row'); END"
        for verb in ("UPDATE", "DELETE")
    )


def upgrade() -> None:
    """Seal the four tables."""
    connection = op.get_bind()
    dialect = connection.dialect.name
    for statement in POSTGRESQL_SEALS if dialect == "postgresql" else SQLITE_SEALS:
        connection.exec_driver_sql(statement)
    for table in GROWING:
        for statement in _only_grows(dialect, table):
            connection.exec_driver_sql(statement)
