"""What is in the test Odoo: modules, users, suppliers, charges, taxes, currencies.

Only data, read by the loader inside Odoo and by tests.  A change here builds the template
database anew (about a minute).
"""

from __future__ import annotations

from dataclasses import dataclass

MODULES = ("account", "purchase", "stock")

COMPANY = "Test Logistics Inc."
COMPANY_CURRENCY = "USD"


@dataclass(frozen=True)
class User:
    """A login with its groups' external ids."""

    name: str
    login: str
    password: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Supplier:
    """A carrier or forwarder; `ref` is its SCAC or our short code, `term` one of Odoo's own
    payment terms by its external id."""

    ref: str
    name: str
    vat: str | None = None
    term: str | None = None


@dataclass(frozen=True)
class PurchaseTax:
    """A percentage on top of the price."""

    name: str
    percent: float


@dataclass(frozen=True)
class Currency:
    """An active currency; rates are (first day, units for one USD)."""

    code: str
    rates: tuple[tuple[str, float], ...]


# Read access to ir.model.data is what Odoo 19 gives to nobody but administrators.
INTEGRATION_GROUP = "etl_setup.group_integration"

ADMIN_LOGIN = "admin"
ADMIN_PASSWORD = "admin"

SERVICE_USER = User(
    name="ETL",
    login="etl",
    password="etl-password",
    groups=("account.group_account_invoice", INTEGRATION_GROUP),
)
POWERLESS_USER = User(
    name="ETL without rights",
    login="etl_norights",
    password="etl-norights-password",
    groups=("base.group_user",),
)

# As in a company's books, nearly every vendor has a payment term, one of them in two instalments.
SUPPLIERS = (
    Supplier("ACLT", "Acme LTL Freight", term="account.account_payment_term_30days"),
    Supplier("PXPR", "ParcelXpress", term="account.account_payment_term_advance_60days"),
    Supplier(
        "FWDE",
        "Rhein Forwarding GmbH",
        vat="DE123456788",
        term="account.account_payment_term_15days",
    ),
    Supplier("NTRM", "Harbor Drayage, which has no payment term"),
)

# Canonical charge codes, each the default_code of a service product.
CHARGE_PRODUCTS = {
    "BASE": "Base freight",
    "FUEL": "Fuel surcharge",
    "DISCOUNT": "Freight discount",
    "LIFTGATE": "Liftgate",
    "RESIDENTIAL": "Residential delivery",
    "DETENTION": "Detention",
    "ADDR_CORRECTION": "Address correction",
    "DOCUMENTATION": "Documentation fee",
    "CUSTOMS_ENTRY": "Customs entry",
    "INSIDE": "Inside delivery",
    "NOTIFY": "Notification before delivery",
    "STORAGE": "Storage",
    "INSURANCE": "Insurance",
    "BUNKER": "Bunker adjustment",
    "CURRENCY": "Currency adjustment",
    "SATURDAY": "Saturday delivery",
    "HAZMAT": "Hazardous goods",
    "PICKUP": "Pickup",
}

# This product alone has a default supplier tax (the chart's 15%).  A bill line that leaves
# out tax_ids gets it silently, which shows whether tax_ids are always sent.
PRODUCT_WITH_DEFAULT_TAX = "BASE"

# In addition to the chart's "15%" and "0% Imports".
PURCHASE_TAXES = (PurchaseTax("19% VAT", 19.0), PurchaseTax("20% VAT", 20.0))

CURRENCIES = (
    Currency("EUR", (("2025-01-01", 0.96), ("2026-01-01", 0.92), ("2026-07-01", 0.90))),
    Currency("GBP", (("2025-01-01", 0.80), ("2026-01-01", 0.78))),
    Currency("CAD", (("2025-01-01", 1.40), ("2026-01-01", 1.36))),
    # Active without any rate: Odoo silently books one to one.
    Currency("CZK", ()),
)
