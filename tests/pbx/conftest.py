from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pbx.errors import Problem, SiteError
from pbx.model import Site
from pbx.site import load_site

HEAD = """\
[site]
name = "Klinik Sehat"
domain = "klinik.example"

[mail]
smtp = { host = "mail.klinik.example" }
from = "Voicemail <voicemail@klinik.example>"
"""
SARI = """
[[people]]
extension = "1001"
name = "Sari"
"""


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Site]:
    """Load a site file of this text; `people` is what the people file holds."""

    def load(text: str | bytes, people: str | bytes | None = None) -> Site:
        file = tmp_path / "site.toml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        if people is not None:
            content = people if isinstance(people, bytes) else people.encode()
            (tmp_path / "people.csv").write_bytes(content)
        return load_site(file)

    return load


@pytest.fixture
def problems(load: Callable[..., Site]) -> Callable[..., list[Problem]]:
    """The problems of a site file that cannot be used."""

    def problems(text: str | bytes, people: str | bytes | None = None) -> list[Problem]:
        with pytest.raises(SiteError) as caught:
            load(text, people)
        return caught.value.problems

    return problems
