"""`/vigie signalements`: where holders read and handle reports."""
