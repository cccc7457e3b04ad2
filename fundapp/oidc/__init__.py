"""Sign-in by the officials' own organisation, through OpenID Connect."""
