--- Zeros up to the end of the last block; none if it is full.
--
-- Not pinned: that this module is a function, and that a full block gets no other.

return function(text, blockSize)
  return text .. string.rep("\0", -#text % blockSize)
end
