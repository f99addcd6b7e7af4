"""Who may do what: credentials, roles, limits, and the log of it. No transport is known here."""
