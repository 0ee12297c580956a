--- The pool.
require("common").install()
