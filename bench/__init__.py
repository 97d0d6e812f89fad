"""The benchmark of the sign-on road. Run with ``make bench``; docs/bench.md explains the figures."""
