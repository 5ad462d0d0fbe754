"""The panel, whatever draws it: what can be chosen, and what follows from it. No Qt, no Vuetify."""
