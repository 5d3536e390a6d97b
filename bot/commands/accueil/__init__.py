"""`accueil`: a person's own onboarding and, for the administration, everyone's."""
