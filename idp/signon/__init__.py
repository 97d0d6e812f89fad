"""One way in, for every protocol: sign-on in progress, factors, consent, sessions, the dispatcher."""
