from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms.broadcast.template import EmptyField, Field, check_fields, fold, read_template
from sms.errors import BadTemplate

ANY = st.text(max_size=40)
VALUES = st.dictionaries(st.text(max_size=8).map(fold), ANY, max_size=4)


@pytest.mark.parametrize(
    ("source", "values", "text"),
    [
        ("Halo {name}!", {"name": "Sari"}, "Halo Sari!"),
        ("Halo {name|Bapak/Ibu}!", {"name": ""}, "Halo Bapak/Ibu!"),
        ("Halo {name|Bapak/Ibu}!", {"name": "Sari"}, "Halo Sari!"),
        ("Halo{name|}!", {}, "Halo!"),
        ("{ Nama  Pelanggan }", {"nama pelanggan": "Sari"}, "Sari"),
        ("{a}{b}{a}", {"a": "1", "b": "2"}, "121"),
        ("{{name}} {name}", {"name": "Sari"}, "{name} Sari"),
        ("{{{name}}}", {"name": "Sari"}, "{Sari}"),
        ("Halo\r\n  {name}  \r\n", {"name": "Sari"}, "Halo\n  Sari"),
        ("{name.__class__}", {"name.__class__": "no attribute"}, "no attribute"),
    ],
)
def test_fields_get_their_values(source: str, values: dict[str, str], text: str) -> None:
    assert read_template(source).render(values) == text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("Halo {name", "stands alone"),
        ("Halo name}", "stands alone"),
        ("Halo {a{b}}", "stands alone"),
        ("{}", "without a name"),
        ("{ |x}", "without a name"),
        ("  \n ", "is empty"),
    ],
)
def test_what_is_no_template_says_why(source: str, words: str) -> None:
    with pytest.raises(BadTemplate, match=words):
        read_template(source)


def test_a_field_that_the_list_has_not_names_those_that_it_has() -> None:
    template = read_template("Halo {nama}")
    with pytest.raises(BadTemplate, match=r"no field \{nama\}\. There are: \{number\}, \{Name\}"):
        check_fields(template, ["number", "Name"])
    check_fields(template, ["number", "NAMA"])


def test_an_empty_value_without_a_default_is_refused() -> None:
    with pytest.raises(EmptyField, match="name"):
        read_template("Halo {name}").render({"name": ""})


@given(ANY)
def test_doubled_braces_say_any_text(text: str) -> None:
    source = f"x{text}x".replace("{", "{{").replace("}", "}}")
    lines = "\n".join(line.rstrip() for line in f"x{text}x".splitlines())
    assert read_template(source).render({}) == lines


@given(ANY, VALUES)
def test_anything_is_read_or_refused_with_a_sentence(source: str, values: dict[str, str]) -> None:
    with suppress(BadTemplate, EmptyField):
        read_template(source).render(values)


@given(st.text(min_size=1, max_size=40))
def test_nothing_in_a_value_is_read_again(value: str) -> None:
    template = read_template("<{name}>")
    assert template.parts == ("<", Field("name", None), ">")
    assert template.render({"name": value}) == f"<{value}>"
