"""
``python -m bench.deployed …``: the command ``idp …`` as an installation has it.

The packages of development bring `rich`, which structlog loads wherever it is found: three megabytes
that no worker of an installation has (it is not in the product's lock file).
"""

import sys

sys.modules["rich"] = None  # type: ignore[assignment]

from idp.cli import main  # noqa: E402 (after what it must not find)

if __name__ == "__main__":
    main()
