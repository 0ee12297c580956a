--- Message authentication.

return { createHmac = require(".crypto.mac.hmac").createHmac }
