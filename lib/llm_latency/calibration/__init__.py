"""What theory leaves out: constants that were fitted to measurements, and the times that they give."""
