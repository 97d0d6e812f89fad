"""The nouns that an administrator manages: organizations, sites, accounts, groups, applications."""
