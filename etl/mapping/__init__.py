"""The mapping language: partners' documents to canonical records, declared in YAML."""

from etl.mapping.assembly import Assembly
from etl.mapping.checking import Finding
from etl.mapping.codes import CodeList, CodeLists, load_code_lists
from etl.mapping.compiler import check, compile_mapping
from etl.mapping.declaration import Mapping, load_mapping
from etl.mapping.fencing import KeptOut
from etl.mapping.plan import Mapped, Plan
from etl.mapping.scope import Context

__all__ = [
    "Assembly",
    "CodeList",
    "CodeLists",
    "Context",
    "Finding",
    "KeptOut",
    "Mapped",
    "Mapping",
    "Plan",
    "check",
    "compile_mapping",
    "load_code_lists",
    "load_mapping",
]
