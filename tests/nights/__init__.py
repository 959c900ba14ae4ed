"""Living through many nights: what partners send and people do, and whether all is still right."""
