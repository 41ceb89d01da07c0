"""Every error the core raises, on one page.

    BillingError                 anything the core refuses
    ├── MoneyError               not whole cents, a float, or a split that makes no sense
    ├── IdentifierError          an NPI, tax id, member id or claim number that does not parse
    ├── IllegalStep              a claim asked to take a step its state does not allow
    ├── UnbalancedEntry          legs that do not sum to zero
    ├── PostingError             a remittance or payment that the books refuse
    ├── TableError               a code table file that is damaged or of another format
    ├── ContractError            contract terms that contradict themselves
    ├── BankFileError            a bank's file that cannot be read
    ├── QueryError               a query to the provider that would lead, or a step it cannot take
    └── X12Error                 a file that cannot be read as X12; says segment, element and the mend

Bad *data* (a claim without a diagnosis) is not an error: it is a `Finding`, returned. Errors are for misuse,
for broken invariants, and for input that cannot be read at all. No message carries patient data.
"""

from __future__ import annotations


class BillingError(Exception):
    """Something the core refuses. `where` names the place, `mend` says what would put it right."""

    def __init__(self, message: str, *, where: str = "", mend: str = "") -> None:
        self.message, self.where, self.mend = message, where, mend
        super().__init__(" ".join(part for part in (message, f"[{where}]" if where else "", mend) if part))


class MoneyError(BillingError):
    """Money that is not whole cents."""


class IdentifierError(BillingError):
    """An identifier that does not parse."""


class IllegalStep(BillingError):
    """A claim cannot take this step from the state it is in."""


class UnbalancedEntry(BillingError):
    """The legs of an entry do not sum to zero."""


class PostingError(BillingError):
    """The books refuse this movement."""


class TableError(BillingError):
    """A code table is damaged, or of another format version."""


class ContractError(BillingError):
    """Contract terms that contradict themselves or lack what is asked of them."""


class X12Error(BillingError):
    """Bytes that cannot be read as X12."""


class BankFileError(BillingError):
    """A bank's file that cannot be read."""


class QueryError(BillingError):
    """A query to the provider that would lead, or a step it cannot take."""
