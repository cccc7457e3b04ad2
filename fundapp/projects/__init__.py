"""Station 6 of 8. The granted application becomes a project with goal links, instalments and a report date."""
