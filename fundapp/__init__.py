"""fundapp: a municipality's grant system, from an application to what the money did for the integration plan."""
