--- The shape of addresses and ids.
--
--   is(text)     an Arweave address or id (43 characters base64url) or an Ethereum address (0x, 42)
--   isId(text)   an id: what a process can have
local address = {}

function address.isId(text)
  return type(text) == "string" and #text == 43 and text:find("^[%w_-]+$") ~= nil
end

function address.is(text)
  return address.isId(text)
    or (type(text) == "string" and #text == 42 and text:find("^0x%x+$") ~= nil)
end

return address
