package fairlead

// builtHooks are the hooks in the standard library that this program was built with. The build tool
// has a file of its own in the place of this one.
var builtHooks []hookFact
