--- A message as whole blocks: a bit, zeros, and its length in bits at the end (Merkle-Damgård).

--- `lengthFormat` is how `string.pack` is to write the length.
return function(message, blockSize, lengthFormat)
  local zeros = -(#message + 1 + string.packsize(lengthFormat)) % blockSize
  return message
    .. "\128"
    .. string.rep("\0", zeros)
    .. string.pack(lengthFormat, #message * 8)
end
