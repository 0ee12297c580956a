-- A process of lib alone, in a bundle of its own: it shows that lib knows no bundle.
local answer = require("lib.answer")
local config = require("lib.config")
local guard = require("lib.guard")
local handlers = require("lib.handlers")
local pause = require("lib.pause")
local publish = require("lib.publish")
local report = require("lib.report")
local tags = require("lib.tags")

lib = {
  address = require("lib.address"),
  amount = require("lib.amount"),
  book = require("lib.book"),
  clock = require("lib.clock"),
  config = config,
  ids = require("lib.ids"),
  json_text = require("lib.json_text"),
  ledger = require("lib.ledger"),
  notices = require("lib.notices"),
  peer_rules = require("lib.peer_rules"),
  publish = publish,
  queue = require("lib.queue"),
  ring = require("lib.ring"),
  roles = require("lib.roles"),
  sorted = require("lib.sorted"),
  state = require("lib.state"),
  tags = tags,
}

Mode = Mode or "fast"
MayChange = true
Strays = {}

guard.install({
  reads = { Echo = { "Word", "X-*" }, ["Credit-Notice"] = { "Quantity" } },
  onRefusedCredit = function(_, reason)
    Strays[#Strays + 1] = reason
  end,
})
config.install({
  role = "left",
  roles = { "left", "right", "far_side" },
  required = { "right" },
  version = 3,
  mayChange = function(role)
    return MayChange, "WrongPhase", role .. " is needed"
  end,
  extra = {
    ["Mode"] = {
      check = function(text)
        return (text == "fast" or text == "slow") and text or nil
      end,
      read = function()
        return Mode
      end,
      apply = function(value)
        Mode = value
      end,
      like = "right",
    },
  },
  applied = function(_, changed)
    Applied = changed
  end,
  health = function()
    return { openOperations = 2, strays = #Strays }
  end,
  limits = function()
    return { ["Max-Word"] = "9" }
  end,
})
handlers.action("Echo", function(msg)
  answer.respond(msg, "Echo-Response", { Word = tags.get(msg, "word") }, nil, tags.xTags(msg))
end)
handlers.action("Refuse", function(msg)
  answer.fail(msg, "WrongPhase", "not now", { Final = true })
end)
handlers.action("Odd-Notice", function(msg)
  answer.fail(msg, "WrongPhase", "a notice")
end)
handlers.action("Order", function(msg)
  answer.command(msg.From, "Do", { ["Op-Id"] = "M-abcdefgh-1", ["Low-Water"] = 12 })
end)
handlers.action("Credit-Notice", function(msg)
  answer.notify(msg.From, "Seen")
end)
pause.install({ controller = "right" })
report.install({
  action = "Report-Words",
  observer = "far_side",
  quantity = function()
    return "5"
  end,
})
guard.installDrop()
