"""A PostgreSQL cluster with an Odoo database ready to be copied, kept in the cache."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.services import odoo_master_data as master_data
from tests.services.cache import cached
from tests.services.odoo_code import OdooCode, odoo_code
from tests.services.postgres import PostgresServer, postgres_server
from tests.services.processes import run

TEMPLATE_DATABASE = "tpl"

_LOADER = Path(__file__).with_name("odoo_load.py")
_CONFIG = """\
[options]
db_host = {postgres.host}
db_port = {postgres.port}
db_user = {postgres.username}
db_password = {postgres.password}
db_maxconn = 64
dbfilter = ^etl_.*$
http_interface = 127.0.0.1
http_port = {port}
workers = 0
max_cron_threads = 0
limit_time_real = 1200
limit_memory_soft = 0
limit_memory_hard = 0
data_dir = {data}
log_level = info
"""


@dataclass(frozen=True)
class OdooTemplate:
    """A stopped cluster with the template database, and the code that made it."""

    code: OdooCode
    folder: Path

    @property
    def cluster(self) -> Path:
        """The stopped cluster's data folder; copy it, never start it in place."""
        return self.folder / "cluster"

    @property
    def filestore(self) -> Path:
        """The template database's attachments."""
        return self.folder / "filestore"

    @property
    def api_key(self) -> str:
        """The service user's API key."""
        key: str = json.loads((self.folder / "loaded.json").read_text())["api_key"]
        return key


def odoo_template() -> OdooTemplate:
    """Return the template from the cache, built first when it is not there."""
    code = odoo_code()
    inputs = (
        Path(__file__),
        _LOADER,
        Path(master_data.__file__),
        Path(__file__).with_name("postgres.py"),
        code.folder.name,
        PostgresServer.major_version(),
    )
    return OdooTemplate(
        code, cached("odoo-19-template", inputs, lambda folder: _build(code, folder))
    )


def write_config(folder: Path, postgres: PostgresServer, port: int) -> Path:
    """Write Odoo's configuration file into the folder, with its data beside it."""
    path = folder / "odoo.conf"
    path.write_text(_CONFIG.format(postgres=postgres, port=port, data=folder / "odoo-data"))
    return path


def _build(code: OdooCode, folder: Path) -> None:
    _say(f"building the Odoo template database in {folder.parent} (about a minute)")
    with postgres_server() as postgres:
        work = postgres.data.parent
        config = write_config(work, postgres, port=0)
        postgres.create_database(TEMPLATE_DATABASE)
        modules = ",".join(master_data.MODULES)
        _say(f"installing the modules {modules}")
        run(
            [
                *(code.python, "-P", "-m", "odoo", "-c", config, "-d", TEMPLATE_DATABASE),
                *("-i", modules, "--without-demo=True", "--stop-after-init", "--no-http"),
            ],
            what=f"installing Odoo's modules {modules}",
            env=code.environment(),
            cwd=work,
        )
        _say("loading the master data")
        loaded = run(
            [code.python, "-P", _LOADER, config, TEMPLATE_DATABASE],
            what="loading Odoo's master data",
            env=code.environment(),
            cwd=work,
            stdin=json.dumps(_master_data()),
        )
        (folder / "loaded.json").write_text(loaded.splitlines()[-1])
        postgres.execute("VACUUM FULL ANALYZE", TEMPLATE_DATABASE)
        # Nobody can connect to the template, so nothing ever stands in the way of a copy.
        postgres.execute(f"ALTER DATABASE {TEMPLATE_DATABASE} ALLOW_CONNECTIONS false")
        postgres.stop()
        postgres.shrink_log()
        shutil.copytree(postgres.data, folder / "cluster")
        shutil.copytree(work / "odoo-data/filestore" / TEMPLATE_DATABASE, folder / "filestore")


def _master_data() -> dict[str, Any]:
    """Return the master data in the loader's JSON form."""
    return {
        "company": master_data.COMPANY,
        "currencies": [asdict(currency) for currency in master_data.CURRENCIES],
        "purchase_taxes": [asdict(tax) for tax in master_data.PURCHASE_TAXES],
        "suppliers": [asdict(supplier) for supplier in master_data.SUPPLIERS],
        "charge_products": master_data.CHARGE_PRODUCTS,
        "product_with_default_tax": master_data.PRODUCT_WITH_DEFAULT_TAX,
        "integration_group": master_data.INTEGRATION_GROUP,
        "service_user": asdict(master_data.SERVICE_USER),
        "powerless_user": asdict(master_data.POWERLESS_USER),
    }


def _say(text: str) -> None:
    print(f"tests: {text} ...", flush=True)
