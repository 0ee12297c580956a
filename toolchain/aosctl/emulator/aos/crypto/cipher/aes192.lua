--- AES with keys of 192 bits: makes a cipher of single blocks from a key.
--
-- Not pinned: that this module is such a function.

return require(".crypto.cipher.rijndael")(24)
