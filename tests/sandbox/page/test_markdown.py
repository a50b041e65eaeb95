"""The markdown block: the Markdown that Slack takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.page import markdown


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**b** *i* ~~s~~ `c`", "<p><strong>b</strong> <em>i</em> <s>s</s> <code>c</code></p>"),
        ("__b__ _i_ snake_case_name", "<p><strong>b</strong> <em>i</em> snake_case_name</p>"),
        ("# One", '<div class="md-heading md-1" role="heading" aria-level="3">One</div>'),
        ("- a\n  - b", '<ul class="rich-list"><li class="indent-0">a</li><li class="indent-1">b</li></ul>'),
        ("3. a\n4. b", '<ol class="rich-list" start="3"><li class="indent-0">a</li><li class="indent-0">b</li></ol>'),
        ("- [x] done", '<ul class="rich-list"><li class="indent-0">☑ done</li></ul>'),
        ("> said\n> twice", "<blockquote>said<br>twice</blockquote>"),
        ("---", "<hr>"),
        ("```py\na < b\n```", '<pre class="fence"><code>a &lt; b</code></pre>'),
        (r"\*plain\*", "<p>*plain*</p>"),
        ("<b>no</b>", "<p>&lt;b&gt;no&lt;/b&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("a *b", "<p>a *b</p>"),
    ],
)
def test_markdown(text: str, html: str) -> None:
    assert str(markdown.render(text)) == html


def test_a_link_and_a_picture_are_both_links() -> None:
    for text in ("[plan](https://a.example)", "![plan](https://a.example)"):
        assert '<a class="link" href="https://a.example"' in markdown.render(text)
        assert "<img" not in markdown.render(text)


def test_a_table() -> None:
    html = str(markdown.render("| a | b |\n|---|:-:|\n| 1 | **2** |\n| 3 |"))
    assert '<th scope="col">a</th>' in html
    assert "<td>1</td><td><strong>2</strong></td>" in html
    assert "<td>3</td><td></td>" in html


@given(st.text(alphabet="*_~`[]()!|-#> \n\\<&ab1.", max_size=60))
def test_any_text_is_drawn_and_no_raw_tag_passes(text: str) -> None:
    assert "<a>" not in markdown.render(text + "<a>")
