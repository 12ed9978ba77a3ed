"""Printed and live charts, in one set of colours."""
