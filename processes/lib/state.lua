--- State that an Eval update keeps.
--
--   keep(value, default)   value when it is of default's type, else default.
--                          `Balances = state.keep(Balances, {})`: like `Balances or {}`, and a
--                          global that an older bundle left with another type breaks nothing
local state = {}

function state.keep(value, default)
  if type(value) == type(default) then
    return value
  end
  return default
end

return state
