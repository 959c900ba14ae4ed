from __future__ import annotations

import pytest
from lxml import etree

from etl.formats.xml.declaration import declared
from etl.formats.xml.paths import Location, Paths
from etl.raw import DeclarationError

ROOT = etree.fromstring(
    '<r xmlns:a="urn:a" a:k="v"><a:x> one </a:x><a:x>two</a:x><y><z>1</z><z>2</z></y><e> </e></r>'
)
PATHS = Paths({"p": "urn:a"})


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("p:x", "one"),
        ("p:x[2]", "two"),
        ("@p:k", "v"),
        ("y/z[. = '2']", "2"),
        ("y", "12"),
        ("e", None),
        ("absent", None),
        ("p:x/@absent", None),
        ("count(p:x)", "2"),
        ("concat(p:x[2], ':', 'q:r')", "two:q:r"),
        ("y/z[last()] | p:absent", "2"),
        ("child::p:x", "one"),
        (".", "one two12"),
    ],
)
def test_a_path_gives_the_stripped_text_of_its_first_node(path: str, value: str | None) -> None:
    assert PATHS.values(path, [ROOT])[0] == [value]


@pytest.mark.parametrize("path", ["q:x", "y/q:x", "*[q:x]", "@q:k", "q:*", "ancestor::q:x"])
def test_a_prefix_that_is_not_declared_is_named(path: str) -> None:
    with pytest.raises(DeclarationError, match=r"prefix 'q'.*source\.namespaces \(p\)"):
        PATHS.check_value(path)


@pytest.mark.parametrize("path", ["", "a b", "x[", "x) or (y", "nofunction(x)", "$v"])
def test_what_is_no_xpath_is_refused(path: str) -> None:
    with pytest.raises(DeclarationError, match=r"XPath 1\.0"):
        PATHS.check_value(path)


def test_rows_must_find_elements() -> None:
    assert len(PATHS.elements("y/z", ROOT)) == 2
    for row in ("count(y)", "@p:k", "y/text()"):
        with pytest.raises(DeclarationError, match="finds elements"):
            PATHS.elements(row, ROOT if row != "y/text()" else etree.fromstring("<r><y>t</y></r>"))


DOCUMENT = etree.fromstring("<a><b><c/></b><c/><d><c><c/></c></d></a>")


@pytest.mark.parametrize(
    ("row", "found"),
    [("/a/b/c", 1), ("//b/c", 1), ("b/c", 1), ("//c", 3), ("c", 3), ("/a", 1), ("/c", 0)],
)
def test_a_location_finds_elements_but_none_inside_another(row: str, found: int) -> None:
    location = Location(row, PATHS)
    assert sum(map(location.finds, DOCUMENT.iter(location.tag))) == found


@pytest.mark.parametrize("row", ["", "/", "a[1]", "a/@b", "*", "//", "a//b", "../a", "a|b"])
def test_other_xpath_is_no_location(row: str) -> None:
    with pytest.raises(DeclarationError) as error:
        Location(row, PATHS)
    assert error.value.key == "source.row"


def test_the_block_is_checked() -> None:
    declaration = declared({"row": "/p:a", "namespaces": {"p": "urn:a"}, "max_record_mb": 2})
    assert declaration.row.steps == ("{urn:a}a",)
    assert declaration.max_record_bytes == 2 * 1024 * 1024
    for block, key in [
        ({}, "row"),
        ({"row": "/p:a"}, "row"),
        ({"row": "a", "namespaces": ["urn:a"]}, "namespaces"),
        ({"row": "a", "namespaces": {"": "urn:a"}}, "namespaces"),
        ({"row": "a", "max_record_mb": 0}, "max_record_mb"),
    ]:
        with pytest.raises(DeclarationError) as error:
            declared(block)
        assert error.value.key == f"source.{key}"
