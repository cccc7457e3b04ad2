"""Station 5 of 8. The board decides: an outcome per application and §, pending until the minutes are approved."""
