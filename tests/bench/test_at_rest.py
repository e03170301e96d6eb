"""What keeps the daemon small."""

import subprocess
import sys


def test_the_daemon_loads_ffmpeg_only_with_the_first_recording_that_needs_it() -> None:
    code = "import sys, cli.run; sys.exit('av' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
