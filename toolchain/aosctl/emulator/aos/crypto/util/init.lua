--- What digests and ciphers take in and give out: bytes in several shapes.

return {
  array = require(".crypto.util.array"),
  bit = require(".crypto.util.bit"),
  hex = require(".crypto.util.hex"),
  queue = require(".crypto.util.queue"),
  stream = require(".crypto.util.stream"),
}
