"""`/vigie signalements`: where the holders of a role that receives reports read and handle them."""
