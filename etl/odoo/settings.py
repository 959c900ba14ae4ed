"""What the Odoo target has to be told; given by the pipeline, never read from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class DuePolicy(StrEnum):
    """Whose word it is when a bill is due."""

    DOCUMENT = "document"
    """The document's due date; the vendor's payment term where the document gives none."""
    VENDOR_TERM = "vendor_term"
    """The vendor's payment term; the document's due date where the vendor has none."""


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """How much is given to Odoo in one call.

    Attributes:
        first_batch: bills in the first call, before anything was measured.
        largest_batch: bills in a call at most; Odoo's default limits kill calls of 1,000.
        largest_lines: lines in a call at most; a bill with more is made with as many, and gets
            the others in further calls.
        seconds: how long a call should take at most; batches are sized by what was measured.
        attachment_bytes: content in one call that creates attachments; a larger one goes alone.
    """

    first_batch: int = 50
    largest_batch: int = 100
    largest_lines: int = 250
    seconds: float = 20.0
    attachment_bytes: int = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class OdooSettings:
    """One Odoo database and how bills land there.

    Attributes:
        url: ``https://odoo.example.com`` with the port where it is not the standard one.
        database: name of the database.
        login: the service user's login.
        password: its API key (preferred) or password; never shown.
        company: database id of the company that the bills belong to.
        timeout: seconds to wait for one answer.
        journal: code of the purchase journal; None takes Odoo's first one.
        taxes: our tax -> name of the purchase tax in Odoo. A key is a rate (``"19"``), a
            UNCL5305 category (``"AE"``) or both (``"S 19"``); the most exact one wins.
        due_date: whose word it is when a bill is due.
        retries: how often a call that failed for a moment is repeated.
        retry_wait: seconds before the first repetition; doubled each time, at most 30.
        limits: sizes of the calls.
    """

    url: str
    database: str
    login: str
    password: str = field(repr=False)
    company: int = 1
    timeout: float = 120.0
    journal: str | None = None
    taxes: Mapping[str, str] = field(default_factory=dict)
    due_date: DuePolicy = DuePolicy.DOCUMENT
    retries: int = 6
    retry_wait: float = 1.0
    limits: LoadLimits = field(default_factory=LoadLimits)
