from etl.odoo.client import Client
from etl.odoo.jsonrpc import JsonRpcTransport
from etl.odoo.odoo_target import OdooTarget
from etl.odoo.settings import OdooSettings


def test_the_key_is_in_no_repr() -> None:
    settings = OdooSettings("https://odoo.example.com", "prod", "etl", "s3cr3t")
    transport = JsonRpcTransport(settings)
    shown = [settings, transport, Client(transport, settings), OdooTarget(settings)]
    assert "s3cr3t" not in " ".join(map(repr, shown))
