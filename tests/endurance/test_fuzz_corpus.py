"""What a campaign keeps."""

from pathlib import Path

from endurance.fuzz.corpus import MOST_FILES, keep


def fuzzed(folder: Path, count: int) -> list[Path]:
    folder.mkdir(exist_ok=True)
    files = [folder / f"{number:040x}" for number in range(count)]
    for number, file in enumerate(files):
        file.write_bytes(b"x" * number)
    return files


def test_what_the_fuzzer_kept_before_gives_way_and_findings_stay(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    (old,) = fuzzed(kept, 1)
    finding = kept / "short-banner"
    finding.write_bytes(b"Asterisk")
    chosen = fuzzed(tmp_path / "chosen", 100)[1:]
    assert keep(chosen, kept) == len(list(kept.iterdir())) == MOST_FILES
    assert not old.exists()
    assert finding.read_bytes() == b"Asterisk"
