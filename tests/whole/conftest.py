from pathlib import Path
from tempfile import mkdtemp

import pytest

from lab.phone import Phone
from lab.ports import PortFinder
from lab.zimbra_like import ZimbraLike
from tests.whole.whole_site import Parts


@pytest.fixture(params=["22", "16"])
def parts(
    request: pytest.FixtureRequest,
    mail_server: ZimbraLike,
    phone: Phone,
    port_finder: PortFinder,
    short_folder: Path,
) -> Parts:
    """A whole site's parts, of Asterisk 22 and of 16."""
    version: str = request.param
    folder = Path(mkdtemp(prefix=f"whole{version}-", dir=short_folder))
    folder.chmod(0o755)
    tree = request.getfixturevalue(f"asterisk{version}_tree")
    return Parts(version, tree, mail_server, phone, port_finder, folder)
