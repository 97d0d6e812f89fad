"""Being told by ours: applications with a SCIM endpoint have the accounts that may open them."""
