"""The package trees of the lab: which Asterisk comes from which Debian."""

from __future__ import annotations

from pathlib import Path

from lab.packages import PackageTree

ASTERISK = (
    "asterisk",
    "asterisk-modules",
    "asterisk-core-sounds-en-gsm",
    "asterisk-moh-opsound-gsm",
)

# Tools that only maintainer scripts want.
# fmt: off
SCRIPT_TOOLS = (
    "adduser", "base-passwd", "debconf", "debconf-2.0", "passwd", "login", "login.defs",
    "lsb-base", "sysvinit-utils", "perl", "perl-base", "perl-modules", "perlapi-5.32.1",
    "tzdata", "ucf", "dpkg", "install-info", "gnupg", "dirmngr", "gpg", "gpg-agent",
    "gpgconf", "gpgsm", "gnupg-l10n", "libnewt0.52", "dahdi", "pci.ids",
)
# fmt: on

# Large libraries of modules that nobody here loads: SNMP, codec2, calendars, TDS, sound cards.
# fmt: off
HEAVY_LIBRARIES = (
    "libsnmp45", "libsnmp40", "libcodec2-1.2", "libical3t64", "libical3", "libneon27t64",
    "libneon27", "libsybdb5", "libjack-jackd2-0", "libportaudio2", "libc-client2007e",
)
# fmt: on


def asterisk22(home: Path) -> PackageTree:
    """Asterisk 22 and sipp, which is the lab's phone. home: the lab's folder."""
    return _asterisk(home / "asterisk22", "forky", "sip-tester")


def asterisk16(home: Path) -> PackageTree:
    """Asterisk 16, the oldest that is supported. home: the lab's folder."""
    return _asterisk(home / "asterisk16", "bullseye", "asterisk-voicemail")


def kannel(home: Path) -> PackageTree:
    """Kannel, and fakesmsc of its extras. home: the lab's folder."""
    return PackageTree(
        home / "kannel",
        "bookworm",
        ("kannel", "kannel-extras"),
        pretend=(*SCRIPT_TOOLS, "init-system-helpers", "psmisc"),
    )


def _asterisk(dest: Path, suite: str, extra: str) -> PackageTree:
    return PackageTree(
        dest,
        suite,
        (*ASTERISK, extra),
        pretend=(*SCRIPT_TOOLS, *HEAVY_LIBRARIES),
        finish=_link_english_sounds,
    )


def _link_english_sounds(root: Path) -> None:
    # A maintainer script makes this link; without it there are no prompts.
    english = root / "usr/share/asterisk/sounds/en"
    if not english.exists():
        english.symlink_to("en_US_f_Allison")
