"""Passwords, codes from an app and passkeys: what an account is signed in with beside the mail."""
