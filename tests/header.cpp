// Gives the precompiled test header a target to belong to.
