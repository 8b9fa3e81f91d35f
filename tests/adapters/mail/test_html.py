"""HTML as lines: what is displayed, in the lines in which it is displayed."""

from __future__ import annotations

import pytest

from desk_sync.adapters.mail.html import lines_of

MAIL = "Customer email: admin@large.example"


@pytest.mark.parametrize(
    ("markup", "lines"),
    [
        pytest.param("<pre>one\n two\r\nthree</pre>", ["one", "two", "three"], id="lines of pre"),
        pytest.param("<pre>\n\none\n\n\ntwo\n</pre>three", ["one", "two", "", "three"], id="empty lines in pre"),
        pytest.param(
            "<PRE><b>one</b>\ntwo <i>three\n</i></PRE>\nfour\nfive",
            ["one", "two three", "", "four five"],
            id="pre ends",
        ),
        pytest.param("<table><tr><td>a<td><pre>b\nc</pre></table>", ["a\tb", "c"], id="lines of pre in a cell"),
        pytest.param("<p>one\ntwo</p>", ["one two"], id="a line end outside pre is a blank"),
        pytest.param("<span style='display:none'>no</span>one", ["one"], id="not displayed"),
        pytest.param(
            '<div style="color:red; DISPLAY : NONE !important">a<div>b</div>c</div>one', ["one"], id="with more inside"
        ),
        pytest.param("<div style=display:none><p>a</div><p>one", ["one"], id="an open paragraph inside"),
        pytest.param(
            "<img style='display:none'>one<br style='display:none'>two", ["onetwo"], id="elements without an end"
        ),
        pytest.param("<p style='display:none'>no<div>one</div>", ["one"], id="a paragraph ends at the next block"),
        pytest.param("<p style='display:none'>no<br>no</p>one", ["one"], id="but not at a line break"),
        pytest.param("<style>p {display:none}</style><p>one", ["one"], id="a style sheet is not followed"),
        pytest.param("<pre style='display:none'>a\nb</pre>one\ntwo", ["one two"], id="pre that is not displayed"),
        pytest.param("<div title='display:none'>one</div>", ["one"], id="another attribute"),
        pytest.param("<div style='display:block'>one</div>", ["one"], id="displayed"),
        pytest.param("one <b> </b> two", ["one two"], id="repeated blanks"),
        pytest.param("<li> <br> one", ["- one"], id="the text of an item on the next line"),
        pytest.param("<table><tr><td> one <td> <td>two", ["one\ttwo"], id="an empty cell"),
        pytest.param("one&#99999999999;two&#x110000;&#65;", ["one\ufffdtwo\ufffdA"], id="numbers of no character"),
        pytest.param(f"one&#{'9' * 5_000};two", ["one\ufffdtwo"], id="a number of 5,000 digits"),
        pytest.param(
            "<a href='https://x.example/'>https://x.example/</a>", ["https://x.example/"], id="a link as text"
        ),
        pytest.param(
            "<a href='https://x.example/'>there</a>", ["there <https://x.example/>"], id="a link behind a text"
        ),
    ],
)
def test_the_lines_are_those_that_a_reader_sees(markup, lines):
    fresh, quoted = lines_of(markup)

    assert (fresh, quoted) == (lines, [])


def test_a_quote_goes_on_behind_something_that_is_not_displayed():
    fresh, quoted = lines_of("<blockquote>a<div style='display:none'><blockquote>b</div>c</blockquote>d")

    assert (fresh, quoted) == (["d"], ["ac"])


def test_a_page_is_given_up_when_its_time_is_over():
    asked = iter([False, False, True])

    with pytest.raises(TimeoutError):
        lines_of("<p>" * 10_000, lambda: next(asked))
