"""The second look: a language model that sees says whether a photo shows what was asked, and where."""
