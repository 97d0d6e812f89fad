"""
Malformed requests leave nothing behind: no memory, no open files, no temporary ones (X6).

20,000 of them by default; ``MALFORMED_REQUESTS=100000`` in the environment is what continuous integration runs.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

REQUESTS = int(os.environ.get("MALFORMED_REQUESTS", "20000"))
MOST_KILOBYTES = 4096
"""What the last four fifths of the requests may add: of 80,000 that would be 52 bytes each."""
ROOT = Path(__file__).parent.parent.parent


def test_x6_memory_is_flat_over_many_malformed_requests(tmp_path):
    """X5, X6: on every road that a message comes by, more than fifty kinds in turn, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.malformed", str(tmp_path), str(REQUESTS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=3600,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout)

    # 404 is a site that is not there, 413 a body that nobody sends; by SOAP what is no message is told by status 500.
    assert set(found["outcomes"]) == {"400", "404", "413", "SOAP 403", "SOAP 500", "asked"}, found
    assert sum(found["outcomes"].values()) == REQUESTS
    after_a_fifth, after_all = found["kilobytes"]
    assert after_all - after_a_fifth < MOST_KILOBYTES, found
    assert found["files"][0] == found["files"][1], found
    assert found["left"] == [], found
