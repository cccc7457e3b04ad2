"""People, their organisations and roles, sign-in, and declared conflicts of interest."""
