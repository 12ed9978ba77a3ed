"""What the site, the print and the checks share."""
