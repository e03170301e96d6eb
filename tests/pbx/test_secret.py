"""Where a secret stands, and what is said when it cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from pbx.fields import PIN_FORM
from pbx.secret import Secret, SecretUnusable

KEY = "asterisk.ami.secret"


def test_a_secret_is_read_from_the_site_file_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ami.secret"
    file.write_bytes(b"\xef\xbb\xbfs3 cret \r\n")
    monkeypatch.setenv("VOXPOST_TEST_SECRET", "s3cret")
    assert Secret(KEY, value="s3cret").read() == "s3cret"
    assert Secret(KEY, file=file).read() == "s3 cret "
    assert Secret(KEY, variable="VOXPOST_TEST_SECRET").read() == "s3cret"


def test_a_new_secret_in_the_file_is_seen_without_a_restart(tmp_path: Path) -> None:
    secret = Secret(KEY, file=tmp_path / "s")
    (tmp_path / "s").write_text("one\n")
    assert secret.read() == "one"
    (tmp_path / "s").write_text("two\n")
    assert secret.read() == "two"


@pytest.mark.parametrize("variable", ["VOXPOST_TEST_UNSET", "VOXPOST_TEST_EMPTY", ""])
def test_a_variable_that_is_unset_or_empty_is_named(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOXPOST_TEST_EMPTY", "")
    with pytest.raises(SecretUnusable, match=f"{KEY}_env: the variable {variable} is not set"):
        Secret(KEY, variable=variable).read()


@pytest.mark.parametrize("content", [b"", b"\n", b"  \r\n", b"\xff\xfe"])
def test_a_file_without_a_secret_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "ami.secret"
    file.write_bytes(content)
    with pytest.raises(SecretUnusable, match=rf"{KEY}_file: .*ami\.secret is (empty|not UTF-8)"):
        Secret(KEY, file=file).read()


def test_a_file_of_two_lines_is_not_taken_for_one_long_secret(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("# of the mail account\ns3cret\n")
    with pytest.raises(SecretUnusable, match=r"has more than one line\. Keep only one") as caught:
        Secret(KEY, file=tmp_path / "s").read()
    assert "s3cret" not in str(caught.value)


def test_a_file_that_cannot_be_read_says_why_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SecretUnusable, match=r"No such file.*mode 640"):
        Secret(KEY, file=tmp_path / "none").read()
    with pytest.raises(SecretUnusable, match="Is a directory"):
        Secret(KEY, file=tmp_path).read()
    with pytest.raises(SecretUnusable, match=KEY):
        Secret(KEY, file=tmp_path / "a\0b").read()


def test_a_file_without_the_right_to_read_it_says_so(ordinary_folder: Path) -> None:
    file = ordinary_folder / "s"
    file.write_text("x")
    file.chmod(0)
    with pytest.raises(SecretUnusable, match="Permission denied"):
        Secret(KEY, file=file).read()


def test_a_secret_that_nobody_set_names_its_key() -> None:
    secret = Secret(KEY)
    assert not secret.given
    with pytest.raises(SecretUnusable, match=f"add {KEY}_file"):
        secret.read()


def test_a_secret_hides_itself() -> None:
    assert "s3cret" not in repr(Secret(KEY, value="s3cret"))


def test_a_secret_of_another_form_is_refused_wherever_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pin"
    file.write_text("12\n")
    monkeypatch.setenv("PIN", "12")
    for secret in (
        Secret(KEY, file=file, form=PIN_FORM),
        Secret(KEY, variable="PIN", form=PIN_FORM),
        Secret(KEY, value="12", form=PIN_FORM),
    ):
        with pytest.raises(SecretUnusable, match=r"right form\. Write 4 to 12 digits") as it:
            secret.read()
        assert "12\n" not in str(it.value)
    file.write_text("1234\n")
    assert Secret(KEY, file=file, form=PIN_FORM).read() == "1234"
