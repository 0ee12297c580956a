--- A figure that this process attests to an observer, numbered so that the newest wins.
--
--   install{ action = "Report-Supply", observer = "state_manager", quantity = function() end }
--             add Report-Request, which that peer sends to be told the figure again
--   send()    tell the observer {Quantity, Seq}; nothing happens while it is not configured
--
-- State: ReportSeq.
local answer = require("lib.answer")
local handlers = require("lib.handlers")
local roles = require("lib.roles")
local state = require("lib.state")

local report = {}

local options = nil

ReportSeq = state.keep(ReportSeq, 0)

function report.send()
  local observer = roles.peer(options.observer)
  if observer then
    ReportSeq = ReportSeq + 1
    answer.notify(observer, options.action, { Quantity = options.quantity(), Seq = ReportSeq })
  end
end

function report.install(given)
  options = given
  handlers.action("Report-Request", function(msg)
    if not roles.isPeer(msg, options.observer) then
      return answer.fail(msg, "Unauthorized", "only the " .. options.observer .. " may ask")
    end
    report.send()
  end)
end

return report
