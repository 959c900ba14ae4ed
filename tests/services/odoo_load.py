"""Puts the master data into a database.  Runs in Odoo's Python, not in the tests'.

usage: python -P odoo_load.py CONFIG DATABASE < master-data.json
"""

from __future__ import annotations

import json
import sys
from typing import Any

from odoo import SUPERUSER_ID, api  # type: ignore[import-not-found]
from odoo.modules.registry import Registry  # type: ignore[import-not-found]
from odoo.tools import config  # type: ignore[import-not-found]


def load_all(env: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Load everything; the answer holds what only Odoo knows: the API key."""
    load_company(env, data["company"])
    load_currencies(env, data["currencies"])
    load_taxes(env, data["purchase_taxes"])
    load_suppliers(env, data["suppliers"])
    load_products(env, data["charge_products"], data["product_with_default_tax"])
    load_integration_group(env, data["integration_group"])
    service_user = load_user(env, data["service_user"])
    load_user(env, data["powerless_user"])
    # As superuser, so that the key may live for ever.
    key = env["res.users.apikeys"].with_user(service_user).sudo()._generate(None, "tests", None)
    return {"api_key": key}


def load_company(env: Any, name: str) -> None:
    """Name the company and keep Odoo from calling out."""
    env.company.name = name
    env["ir.config_parameter"].set_param("iap.endpoint", "http://127.0.0.1:9")


def load_currencies(env: Any, currencies: list[dict[str, Any]]) -> None:
    """Activate the currencies and give them the rates they have."""
    for currency in currencies:
        record = env["res.currency"].with_context(active_test=False)
        record = record.search([("name", "=", currency["code"])])
        record.active = True
        record.rate_ids.unlink()
        for day, rate in currency["rates"]:
            env["res.currency.rate"].create(
                {"currency_id": record.id, "name": day, "rate": rate, "company_id": env.company.id}
            )


def load_taxes(env: Any, taxes: list[dict[str, Any]]) -> None:
    """Create percentages on top of the price, beside the chart's own."""
    chart_tax = env.company.account_purchase_tax_id
    for tax in taxes:
        chart_tax.copy(
            {
                "name": tax["name"],
                "amount": tax["percent"],
                "description": tax["name"],
                "invoice_label": tax["name"],
                "price_include_override": "tax_excluded",
            }
        )


def load_suppliers(env: Any, suppliers: list[dict[str, Any]]) -> None:
    """Create the suppliers as companies, each with its payment term."""
    env["res.partner"].create(
        [
            {
                **{name: supplier[name] for name in ("ref", "name", "vat")},
                "property_supplier_payment_term_id": supplier["term"]
                and env.ref(supplier["term"]).id,
                "is_company": True,
                "supplier_rank": 1,
            }
            for supplier in suppliers
        ]
    )


def load_products(env: Any, products: dict[str, str], taxed: str) -> None:
    """Create a service product for each charge code, all but one without a default tax."""
    env["product.product"].create(
        [
            {
                "default_code": code,
                "name": name,
                "type": "service",
                "purchase_ok": True,
                "sale_ok": False,
                "taxes_id": [(5,)],
                "supplier_taxes_id": [(6, 0, env.company.account_purchase_tax_id.ids)]
                if code == taxed
                else [(5,)],
            }
            for code, name in products.items()
        ]
    )


def load_integration_group(env: Any, external_id: str) -> None:
    """Create the group that may read external ids, and nothing else."""
    group = env["res.groups"].create({"name": "ETL integration"})
    module, name = external_id.split(".")
    env["ir.model.data"].create(
        {"module": module, "name": name, "model": "res.groups", "res_id": group.id}
    )
    env["ir.model.access"].create(
        {
            "name": "ETL integration reads external ids",
            "model_id": env["ir.model"]._get_id("ir.model.data"),
            "group_id": group.id,
            "perm_read": True,
            "perm_write": False,
            "perm_create": False,
            "perm_unlink": False,
        }
    )


def load_user(env: Any, user: dict[str, Any]) -> Any:
    """Create a user with exactly the given groups."""
    groups = [env.ref(external_id).id for external_id in user["groups"]]
    values = {key: user[key] for key in ("name", "login", "password")}
    return (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create({**values, "group_ids": [(6, 0, groups)]})
    )


def main() -> None:
    """Load the master data from standard input and print the answer as JSON."""
    config_file, database = sys.argv[1:]
    config.parse_config(["-c", config_file, "-d", database], setup_logging=True)
    with Registry(database).cursor() as cursor:
        answer = load_all(api.Environment(cursor, SUPERUSER_ID, {}), json.load(sys.stdin))
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
