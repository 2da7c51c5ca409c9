"""What the document marks `deprecated: true` is documented, and warned of where it is used."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.generation._support import PARCEL, PARCELS, Tree, forget_package, load_package

CONSUMER = """
from package_with_deprecations import Sample
from package_with_deprecations.models import CreateParcelRequest, Parcel

def use(sample: Sample, parcel: Parcel, body: CreateParcelRequest) -> None:
    sample.parcels.get("1")  # type: ignore[deprecated]
    parcel.address  # type: ignore[deprecated]
    body.is_express = True  # type: ignore[deprecated]
    Parcel(id="1", pickup_code="k", is_express=True, address="0x1").id
    sample.parcels.list(sort="id")
"""


@pytest.fixture
def package(tree: Tree) -> Iterator[ModuleType]:
    with tree.edited() as document:
        document["paths"][PARCEL]["get"]["deprecated"] = True
        sort = {"name": "sort", "in": "query", "deprecated": True, "schema": {"type": "string"}}
        document["paths"][PARCELS]["get"]["parameters"] = [sort]
        schemas = document["components"]["schemas"]
        schemas["Parcel"]["properties"]["address"]["deprecated"] = True
        schemas["CreateParcelRequest"]["properties"]["isExpress"]["deprecated"] = True
    tree.generated()
    yield load_package(tree.package, "package_with_deprecations")
    forget_package("package_with_deprecations")


def test_deprecations_are_documented_and_warned_of(package: ModuleType, tree: Tree) -> None:
    mock = load_package(tree.package / "mock", "package_with_deprecations.mock")
    with mock.MockSample() as server, server.client() as sample:
        created = sample.parcels.create()
        assert len(sample.parcels.list()) == 1
        with pytest.warns(DeprecationWarning, match="field isExpress of createParcel"):
            sample.parcels.create(is_express=True)
        with pytest.warns(DeprecationWarning, match="parameter sort of listParcels is") as told:
            next(iter(sample.parcels.iter(sort="id")))
        assert [warning.filename for warning in told] == [__file__]
        with pytest.warns(DeprecationWarning, match="operation getParcel is deprecated") as told:
            parcel = sample.parcels.get(created.id)
        assert [warning.filename for warning in told] == [__file__]
    parcel = type(parcel).from_dict({**parcel.to_dict(), "address": "0x1"})
    assert copy.deepcopy(parcel) == pickle.loads(pickle.dumps(parcel)) == parcel
    with pytest.warns(DeprecationWarning, match="Parcel.address is deprecated by the API") as told:
        assert parcel.address == "0x1"
    assert [warning.filename for warning in told] == [__file__]
    body = package.models.CreateParcelRequest(is_express=True)
    with pytest.warns(DeprecationWarning, match="is_express is deprecated"):
        body.is_express = False
    assert body.to_dict() == {"isExpress": False}
    resource = package.resources.ParcelsResource
    for documented in (resource.create, resource.list, resource.get, package.models.Parcel):
        assert "Deprecated by the API." in " ".join((documented.__doc__ or "").split())
    assert resource.get.__deprecated__.startswith("The operation getParcel")


def test_type_checkers_show_deprecations(package: ModuleType, tree: Tree) -> None:
    (tree.root / "consumer.py").write_text(CONSUMER)
    tree.package.rename(tree.root / "package_with_deprecations")
    options = ("--strict", "--enable-error-code=deprecated", "--config-file=", "--no-incremental")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "consumer.py"],
        cwd=tree.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
