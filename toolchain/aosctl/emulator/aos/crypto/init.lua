--- Digests, message authentication, key derivation, ciphers, random numbers.
--
-- Each is written from its published specification. Where neither a specification nor a recorded
-- result says what aos does, the module concerned says so in its header.

return {
  _version = "0.0.1",
  cipher = require(".crypto.cipher"),
  digest = require(".crypto.digest"),
  kdf = require(".crypto.kdf"),
  mac = require(".crypto.mac"),
  random = require(".crypto.random"),
  utils = require(".crypto.util"),
}
