"""Other people's directories: writing into ours, and being told by ours."""
