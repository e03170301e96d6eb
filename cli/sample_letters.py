"""Letters of each kind and language, to see whether the templates can be used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from mail.kinds.registry import KINDS
from mail.letters import Letter, Letterhead, Reader
from pbx.model import Site
from pbx.people import Language


def sample_letters(site: Site, head: Letterhead) -> Iterator[Letter]:
    nobody = Reader.at(site.mail.sender_address, site)
    for language in get_args(Language):
        for name in ("Sari", ""):
            reader = replace(nobody, name=name, language=language)
            for kind in KINDS.values():
                yield from kind.samples(reader, head)
