"""Reports counted in bands of five, the weekly figures, and a case exported as a PDF."""
