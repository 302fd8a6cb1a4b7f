"""The contracts by name, and a contract from a file."""

from functools import cache
from pathlib import Path

from pipeline.contracts.model import SUPPORTED_TYPES, Column, Contract, Limit, Rule, TableRule
from pipeline.contracts.odcs import read
from pipeline.errors import ContractError, hint
from pipeline.resources import root

__all__ = ["SUPPORTED_TYPES", "Column", "Contract", "Limit", "Rule", "TableRule", "folder", "load", "load_all", "read"]


def folder() -> Path:
    """Where the contracts of the product are."""
    return root() / "data_contracts"


@cache
def load_all() -> dict[str, Contract]:
    """All contracts of the product by name."""
    return {path.stem: read(path) for path in sorted(folder().glob("*.yaml"))}


def load(name: str) -> Contract:
    """The product's contract of that name, or the contract in the file of that path."""
    if name in load_all():
        return load_all()[name]
    if Path(name).suffix in {".yaml", ".yml"}:
        return read(Path(name))
    raise ContractError(f"there is no contract {name!r}.{hint(name, load_all())}")
