--- Text, for the test bundle.
local words = {}

function words.isEmpty(text)
  return text == nil or text == ""
end

return words
