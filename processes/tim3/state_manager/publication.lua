--- The state that readers see without asking.
local figures = require("state_manager.figures")
local publish = require("lib.publish")
local score = require("state_manager.score")

local publication = {}

--- Return the health score as it is now.
function publication.score()
  local locked, supply = figures.attested(Figures, "locked"), figures.attested(Figures, "supply")
  return score.of(figures.counts(Figures), locked, supply)
end

--- Publish what changed; user is whose position did, if any.
function publication.update(user)
  local positions = {}
  if user then
    positions[user] = Figures.positions[user].position
  end
  publish.publish({
    positions = positions,
    totaltim3supply = Figures.supply,
    totalcollateral = Figures.collateral,
    attestedsupply = figures.attested(Figures, "supply"),
    attestedlocked = figures.attested(Figures, "locked"),
    score = publication.score(),
  })
end

return publication
