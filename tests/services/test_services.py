"""The services are what they claim to be: real servers, with the faults that tests ask for."""

from __future__ import annotations

import base64
import http.client
import json
import urllib.error
from pathlib import Path
from typing import Any

import odoorpc
import paramiko
import pytest
import sqlalchemy as sa

from tests.services.cut_proxy import CutProxy, Fault
from tests.services.odoo import OdooServer, connect
from tests.services.odoo_master_data import CHARGE_PRODUCTS, PRODUCT_WITH_DEFAULT_TAX
from tests.services.sshd import SshServer
from tests.services.tcp_proxy import TcpProxy

pytestmark = pytest.mark.services

_BILL_FIELDS = [
    *("id", "move_type", "journal_id/.id", "partner_id/.id", "ref", "invoice_date", "date"),
    *("currency_id/.id", "invoice_line_ids/id", "invoice_line_ids/product_id/.id"),
    *("invoice_line_ids/name", "invoice_line_ids/quantity", "invoice_line_ids/price_unit"),
    "invoice_line_ids/tax_ids/.id",
]


class TestSshServer:
    def test_key_login_lists_the_root_folder(self, ssh_server: SshServer) -> None:
        (ssh_server.root / "invoice.edi").write_text("ISA*00*")

        with _ssh_client(ssh_server) as client:
            assert client.open_sftp().listdir(".") == ["invoice.edi"]

    def test_password_login_works_and_a_wrong_one_does_not(self, ssh_server: SshServer) -> None:
        with _ssh_client(ssh_server, password=ssh_server.password) as client:
            assert client.open_sftp().listdir(".") == []
        with pytest.raises(paramiko.AuthenticationException):
            _ssh_client(ssh_server, password="wrong")

    def test_paused_sessions_are_silent_until_resumed(self, ssh_server: SshServer) -> None:
        with _ssh_client(ssh_server) as client:
            sftp = client.open_sftp()
            channel = sftp.get_channel()
            assert channel is not None
            channel.settimeout(0.3)
            ssh_server.pause()
            with pytest.raises(TimeoutError):
                sftp.listdir(".")
            ssh_server.resume()

    def test_host_key_change_is_seen(self, ssh_server: SshServer) -> None:
        known = ssh_server.host_key
        ssh_server.change_host_key()

        assert ssh_server.host_key != known
        with pytest.raises(paramiko.BadHostKeyException):
            _ssh_client(ssh_server, host_key=known)

    def test_proxy_cuts_a_download_in_the_middle(
        self, ssh_server: SshServer, ssh_proxy: TcpProxy, tmp_path: Path
    ) -> None:
        (ssh_server.root / "large.bin").write_bytes(bytes(2_000_000))
        ssh_proxy.cut_after(500_000)

        with (
            _ssh_client(ssh_server, port=ssh_proxy.port) as client,
            pytest.raises((OSError, EOFError, paramiko.SSHException)),
        ):
            client.open_sftp().get("large.bin", str(tmp_path / "large.bin"))
        assert ssh_proxy.cuts == 1


class TestPostgres:
    def test_url_is_sqlalchemys(self, postgres_url: str) -> None:
        engine = sa.create_engine(postgres_url)
        with engine.begin() as connection:
            connection.execute(sa.text("create table parcel (weight numeric)"))
            assert connection.scalar(sa.text("select current_user")) == "odoo"
        engine.dispose()


class TestOdoo:
    def test_bill_loads_with_its_external_ids(self, odoo: OdooServer, odoo_db: str) -> None:
        session = odoo.connect(odoo_db)

        answer = _load_bill(session, "invoice_1")

        assert answer["messages"] == []
        found = _rows(session, "ir.model.data", [("module", "=", "etl")], "name", "res_id")
        assert {row["name"] for row in found} == {"invoice_1", "invoice_1_line_1"}
        [bill] = _rows(
            session, "account.move", [("ref", "=", "invoice_1")], "state", "amount_total"
        )
        assert bill["state"] == "draft"
        assert bill["amount_total"] == pytest.approx(119.0)

    def test_service_user_attaches_a_file_and_posts(self, odoo: OdooServer, odoo_db: str) -> None:
        session = odoo.connect(odoo_db)
        [bill] = _load_bill(session, "invoice_1")["ids"]
        attachment = {"name": "invoice.edi", "res_model": "account.move", "res_id": bill}

        session.execute("ir.attachment", "create", [{**attachment, "datas": "SVNB"}])
        session.execute("account.move", "action_post", [bill])

        [posted] = _rows(session, "account.move", [("id", "=", bill)], "state", "attachment_ids")
        assert posted["state"] == "posted"
        assert len(posted["attachment_ids"]) == 1

    def test_user_without_rights_cannot_read_external_ids(
        self, odoo: OdooServer, odoo_db: str
    ) -> None:
        session = connect(odoo.url, odoo_db, odoo.norights_login, odoo.norights_password)
        with pytest.raises(odoorpc.error.RPCError) as refused:
            session.execute("ir.model.data", "search", [])
        assert refused.value.info["data"]["name"] == "odoo.exceptions.AccessError"

    def test_master_data_holds_the_traps(self, odoo: OdooServer, odoo_db: str) -> None:
        session = odoo.connect(odoo_db)
        charges = [("default_code", "in", list(CHARGE_PRODUCTS))]

        products = _rows(session, "product.product", charges, "default_code", "supplier_taxes_id")
        taxed = [row["default_code"] for row in products if row["supplier_taxes_id"]]
        without_rate = _rows(session, "res.currency", [("rate_ids", "=", False)], "name")

        assert len(products) == len(CHARGE_PRODUCTS)
        assert taxed == [PRODUCT_WITH_DEFAULT_TAX]
        assert {row["name"] for row in without_rate} == {"USD", "CZK"}

    def test_comes_back_on_the_same_port(self, odoo: OdooServer, odoo_db: str) -> None:
        odoo.kill()
        with pytest.raises(urllib.error.URLError):
            odoo.connect(odoo_db)
        odoo.start()
        assert odoo.connect(odoo_db).env.uid

    def test_json_2_takes_the_api_key(self, odoo: OdooServer, odoo_db: str) -> None:
        status, found = _json_2(odoo.port, odoo, odoo_db, "res.partner", "search_count")
        assert status == 200
        assert found


class TestCutProxy:
    def test_lost_answer_means_the_record_is_there(
        self, odoo: OdooServer, odoo_db: str, odoo_proxy: CutProxy
    ) -> None:
        session = connect(odoo_proxy.url, odoo_db, odoo.login, odoo.password)
        odoo_proxy.cut_nth("load", 1)

        with pytest.raises((OSError, http.client.HTTPException)):
            _load_bill(session, "invoice_1")

        assert odoo_proxy.cuts == 1
        assert len(odoo_proxy.calls_of("load")) == 1
        assert len(_rows(session, "account.move", [("ref", "=", "invoice_1")], "name")) == 1

    def test_lost_request_means_no_record(
        self, odoo: OdooServer, odoo_db: str, odoo_proxy: CutProxy
    ) -> None:
        session = connect(odoo_proxy.url, odoo_db, odoo.login, odoo.password)
        odoo_proxy.cut_nth("load", 1, Fault.LOSE_REQUEST)

        with pytest.raises((OSError, http.client.HTTPException)):
            _load_bill(session, "invoice_1")

        assert _rows(session, "account.move", [("ref", "=", "invoice_1")], "name") == []

    def test_cut_request_goes_on_in_odoo(
        self, odoo: OdooServer, odoo_db: str, odoo_proxy: CutProxy
    ) -> None:
        session = connect(odoo_proxy.url, odoo_db, odoo.login, odoo.password)
        odoo_proxy.cut_nth("load", 1, Fault.CUT_REQUEST)

        with pytest.raises((OSError, http.client.HTTPException)):
            _load_bill(session, "invoice_1")

        for _ in range(100):
            if _rows(session, "account.move", [("ref", "=", "invoice_1")], "name"):
                break
        else:
            pytest.fail("Odoo never finished the call that the client had lost")

    def test_frozen_network_is_silent_and_thaws(
        self, odoo: OdooServer, odoo_db: str, odoo_proxy: CutProxy
    ) -> None:
        session = connect(odoo_proxy.url, odoo_db, odoo.login, odoo.password)
        session.config["timeout"] = 1
        odoo_proxy.freeze()
        with pytest.raises(TimeoutError):
            session.execute("res.partner", "search", [])
        odoo_proxy.thaw()
        assert session.execute("res.partner", "search", [])

    def test_reading_is_no_write(
        self, odoo: OdooServer, odoo_db: str, odoo_proxy: CutProxy
    ) -> None:
        session = connect(odoo_proxy.url, odoo_db, odoo.login, odoo.password)
        _rows(session, "res.partner", [], "name")
        assert odoo_proxy.writes == []
        _load_bill(session, "invoice_1")
        assert [(call.model, call.method) for call in odoo_proxy.writes] == [
            ("account.move", "load")
        ]

    def test_several_requests_share_a_connection(
        self, odoo: OdooServer, odoo_db: str, odoo_proxy: CutProxy
    ) -> None:
        for _ in range(2):
            status, _found = _json_2(odoo_proxy.port, odoo, odoo_db, "res.partner", "search_count")
            assert status == 200
        assert [call.method for call in odoo_proxy.calls] == ["search_count"] * 2
        assert {call.model for call in odoo_proxy.calls} == {"res.partner"}

    def test_upstream_down_is_a_reset(self, odoo_proxy: CutProxy, odoo: OdooServer) -> None:
        odoo.stop()
        with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
            _json_2(odoo_proxy.port, odoo, "etl_any", "res.partner", "search_count")


def _ssh_client(
    server: SshServer,
    *,
    password: str | None = None,
    port: int | None = None,
    host_key: str | None = None,
) -> paramiko.SSHClient:
    """Log in with the password, or else with the key, believing only the given host key."""
    port = port or server.port
    kind, blob = (host_key or server.host_key).split()
    client = paramiko.SSHClient()
    client.get_host_keys().add(
        f"[{server.host}]:{port}", kind, paramiko.PKey.from_type_string(kind, _decoded(blob))
    )
    client.connect(
        server.host,
        port,
        server.username,
        password=password,
        key_filename=None if password else str(server.client_key),
        allow_agent=False,
        look_for_keys=False,
    )
    return client


def _decoded(blob: str) -> bytes:
    return base64.b64decode(blob)


def _load_bill(session: odoorpc.ODOO, name: str) -> dict[str, Any]:
    """Load a bill of 100.00 + 19% for Acme, with external ids for it and its line."""
    row = [
        *(f"etl.{name}", "in_invoice", _id(session, "account.journal", ("code", "=", "BILL"))),
        *(_id(session, "res.partner", ("ref", "=", "ACLT")), name, "2026-11-02", "2026-11-02"),
        *(_id(session, "res.currency", ("name", "=", "EUR")), f"etl.{name}_line_1"),
        *(_id(session, "product.product", ("default_code", "=", "BASE")), "Base freight"),
        *("1", "100.0", _id(session, "account.tax", ("name", "=", "19% VAT"))),
    ]
    answer: dict[str, Any] = session.execute("account.move", "load", _BILL_FIELDS, [row])
    return answer


def _id(session: odoorpc.ODOO, model: str, condition: tuple[str, str, str]) -> str:
    [found] = session.execute(model, "search", [condition])
    return str(found)


def _rows(
    session: odoorpc.ODOO, model: str, domain: list[tuple[str, str, Any]], *fields: str
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = session.execute(model, "search_read", domain, list(fields))
    return rows


def _json_2(port: int, odoo: OdooServer, database: str, model: str, method: str) -> tuple[int, Any]:
    """Call a method by JSON-2 with an empty domain."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {
        "Authorization": f"bearer {odoo.password}",
        "X-Odoo-Database": database,
        "Content-Type": "application/json",
    }
    connection.request("POST", f"/json/2/{model}/{method}", json.dumps({"domain": []}), headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())
