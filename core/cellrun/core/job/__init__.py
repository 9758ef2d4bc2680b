"""What runs beside or inside a submitted run; light to import."""
