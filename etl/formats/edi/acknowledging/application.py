"""What the application made of documents: what APERAK and 824 tell the partner.

A document can be right as EDI and still be rejected: by the audit, or by Odoo.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a document was rejected, or what is to be said of one that was accepted.

    Attributes:
        code: ours, ``DUPLICATE_BILL``.
        text: a sentence for a person.
    """

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """What became of one document.

    Attributes:
        document: what it is, ``210`` or ``INVOIC``.
        number: its own number, such as that of the invoice.
        group, transaction: control numbers of the group and of the transaction or message that
            it came in; empty where it has none.
    """

    document: str
    number: str
    accepted: bool
    group: str = ""
    transaction: str = ""
    reasons: tuple[Reason, ...] = ()
