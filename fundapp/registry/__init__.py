"""Station 2 of 8. A received application gets its diary number; every station files its documents here."""
