"""The pages of a person on their own phone: plain forms and links; scripts only make it quicker."""
