"""What Odoo does not know yet waits, and goes on once somebody entered it there."""

from tests.faults.conftest import RealNight
from tests.freight_bills import FreightBill
from tests.services.cut_proxy import CutProxy

RIGHT = FreightBill("M-1", "LD-M1")
LIFTED = FreightBill("M-2", "LD-M2", charges=(("400", 9000), ("LFT", 7500)))


def test_a_bill_of_an_unknown_product_waits_alone_and_is_retried(
    proxied_night: RealNight, odoo_proxy: CutProxy
) -> None:
    products = proxied_night.odoo.connect_as_admin(proxied_night.database).env["product.product"]
    [liftgate] = products.search([("default_code", "=", "LIFTGATE")])
    products.write([liftgate], {"default_code": False})
    proxied_night.drop_bills(RIGHT, LIFTED)

    result = proxied_night.run()

    assert result["exit_code"] == 1, result
    counts = result["counts"]
    assert (counts["pushed"], counts["held"]) == (1, 1)
    [item] = proxied_night.ask("exceptions", "list", "--queue", "master-data")
    assert (item["kind"], item["code"]) == ("business", "UNKNOWN_PRODUCT")
    assert "LIFTGATE" in item["message"]
    assert products.search([("default_code", "=", "LIFTGATE")]) == []

    products.write([liftgate], {"default_code": "LIFTGATE"})
    retried = proxied_night.etl("exceptions", "retry", "--queue", "master-data")

    assert retried.returncode == 0, retried.stderr
    assert [bill["ref"] for bill in proxied_night.bills()] == ["M-1", "M-2"]
    assert proxied_night.ask("exceptions", "list") == []
    assert proxied_night.ask("archive", "verify")["findings"] == []


def test_the_connections_are_tried_with_the_rights_they_need(real_night: RealNight) -> None:
    real_night.connect(odoo={"retries": {"attempts": 1}})
    right = real_night.etl("check", "--connect")
    assert right.returncode == 0, right.stdout
    assert real_night.waiting() == real_night.picked_up() == []

    real_night.odoo.stop()
    real_night.sshd.change_host_key()
    away = real_night.etl("check", "--connect")
    assert away.returncode == 3
    assert "Traceback" not in away.stderr
    told = "".join(away.stdout.split())
    assert real_night.sshd.host_key_fingerprint in told
    assert "".join(f"{real_night.odoo.url} cannot be reached".split()) in told
