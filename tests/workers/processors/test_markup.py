"""The outermost element decides what a text in angle brackets is."""

import pytest

from workers.processors.markup import root_element


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("<svg/>", "svg"),
        ("  <SVG\n width='1'>", "svg"),
        ("<?xml version='1.0'?>\n<!-- a > b -->\n<s:svg xmlns:s='x'>", "svg"),
        ("<!DOCTYPE svg [<!ENTITY a 'b'> ]><svg>", "svg"),
        ("<!DOCTYPE html><html lang='en'>", "html"),
        ("<!-- <svg> --><html>", "html"),
        ("plain <svg>", None),
        ("", None),
        ("<", None),
    ],
)
def test_the_root_element_is_found_behind_whatever_comes_first(text, root):
    assert root_element(text) == root


@pytest.mark.parametrize("piece", ["<!-- a -->", " ", "<?x ?>", "<!--", "<!DOCTYPE a [", "<?"])
def test_a_text_of_nothing_but_beginnings_is_told_in_time(piece):
    assert root_element(piece * 6000) is None
