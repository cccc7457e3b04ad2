"""The demo: fictitious people and cases, the mail they get, and a clock that can be moved. Not for production."""
