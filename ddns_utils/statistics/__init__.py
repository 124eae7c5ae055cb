"""Statistics that know no register and no indicator: pandas and numpy in, pandas and numpy out."""
