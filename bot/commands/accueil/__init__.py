"""`accueil`: people's own onboarding and, for the administration, everyone's."""
