"""Single logout: requests of service providers, replies to them, and telling and visiting those that took part."""
