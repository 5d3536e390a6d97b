"""`/vigie signalements`: how holders read and handle reports."""
