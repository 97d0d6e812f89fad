"""Keys of the provider: the wrapping keys in files, each site's signing keys as sealed rows."""
