--- Keys from passwords.

return { pbkdf2 = require(".crypto.kdf.pbkdf2") }
