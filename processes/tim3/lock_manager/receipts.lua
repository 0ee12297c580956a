--- Which notices of one token were acted on, each by its number, so that none counts twice. Pure.
--
--   make()                            nothing seen yet; one a token, in a global
--   compare(receipts, number, gist)   "new"; "again"; "other": the number of a known one with other
--                                     content; "forgotten": not known, yet not above the greatest
--                                     that was forgotten. And the known one's operation
--   note(gist, opId)                  what to keep of a notice, as receipts.seen[number]
--   forget(receipts, number)          its operation is forgotten
--
-- A token numbers all that it sends, to us and to others, so numbers are far apart; a receipt goes
-- with the operation that it opened, not by its own number.
local receipts = {}

function receipts.make()
  return { seen = {}, forgotten = 0, hour = 0, refunds = 0 }
end

function receipts.compare(self, number, gist)
  local known = self.seen[number]
  if known then
    return known.gist == gist and "again" or "other", known.opId
  end
  return number > self.forgotten and "new" or "forgotten"
end

function receipts.note(gist, opId)
  return { gist = gist, opId = opId }
end

function receipts.forget(self, number)
  self.forgotten = math.max(self.forgotten, number)
  self.seen[number] = nil
end

return receipts
