--- The hub: told of all last.
require("common").install()
