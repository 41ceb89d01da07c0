"""0002: the seals. What was written in the ledger, the event log and the coders' decisions is never changed.

    ledger_leg     a leg of an entry that is sealed is refused; cents are whole (SQLite would take a fraction)
    ledger_entry   the seal: its legs are all there (leg_count, at least two), they sum to zero, and it follows the
                   last entry of the practice in position and hash
    event          follows the last event of the practice in position and hash
    all four       no update, no delete (PostgreSQL: no truncate either)

The same promises on both databases, in each one's own words. On PostgreSQL a leg and a seal take the practice's chain
head first, so that two transactions cannot slip past each other's checks; on SQLite there is one writer anyway.
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
    CREATE FUNCTION cleanclaim_seal_leg() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM 1 FROM chain_head h WHERE h.practice_id = NEW.practice_id AND h.chain = 'ledger' FOR UPDATE;
      PERFORM 1 FROM ledger_entry e WHERE e.practice_id = NEW.practice_id AND e.id = NEW.entry_id;
      IF FOUND THEN
        RAISE EXCEPTION 'the entry is sealed: it takes no more legs'
          USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION cleanclaim_seal_entry() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      legs bigint; total numeric; last_position bigint; last_hash text;
    BEGIN
      PERFORM 1 FROM chain_head h WHERE h.practice_id = NEW.practice_id AND h.chain = 'ledger' FOR UPDATE;
      SELECT count(*), coalesce(sum(l.amount), 0) INTO legs, total FROM ledger_leg l
        WHERE l.practice_id = NEW.practice_id AND l.entry_id = NEW.id;
      IF legs < 2 OR legs <> NEW.leg_count OR total <> 0 THEN
        RAISE EXCEPTION 'an entry needs all its legs, at least two, and they sum to zero'
          USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      SELECT e.position, e.hash INTO last_position, last_hash FROM ledger_entry e
        WHERE e.practice_id = NEW.practice_id ORDER BY e.position DESC LIMIT 1;
      IF NEW.position <> coalesce(last_position, 0) + 1 OR NEW.prev_hash <> coalesce(last_hash, repeat('0', 64)) THEN
        RAISE EXCEPTION 'an entry follows the last one of its ledger'
          USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION cleanclaim_seal_event() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
      last_position bigint; last_hash text;
    BEGIN
      PERFORM 1 FROM chain_head h WHERE h.practice_id = NEW.practice_id AND h.chain = 'events' FOR UPDATE;
      SELECT e.position, e.hash INTO last_position, last_hash FROM event e
        WHERE e.practice_id = NEW.practice_id ORDER BY e.position DESC LIMIT 1;
      IF NEW.position <> coalesce(last_position, 0) + 1 OR NEW.prev_hash <> coalesce(last_hash, repeat('0', 64)) THEN
        RAISE EXCEPTION 'an event follows the last one of its log' USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      RETURN NEW;
    END $$
    """,
    "CREATE TRIGGER ledger_leg_seal BEFORE INSERT ON ledger_leg FOR EACH ROW EXECUTE FUNCTION cleanclaim_seal_leg()",
    "CREATE TRIGGER ledger_entry_seal BEFORE INSERT ON ledger_entry "
    "FOR EACH ROW EXECUTE FUNCTION cleanclaim_seal_entry()",
    "CREATE TRIGGER event_seal BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION cleanclaim_seal_event()",
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
