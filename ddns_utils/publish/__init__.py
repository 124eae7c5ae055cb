"""Reports as self-contained pages, and the site that collects them."""
