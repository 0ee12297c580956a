--- One of five processes: what it is asked it asks the next one, and the answers come back.

Next, Askers = "{next}", {}

Handlers.add("ask", "Ask", function(msg)
  if Next == "" then
    msg.reply({ Action = "Answer", Data = msg.Data .. "!" })
  else
    Askers[msg.Data] = msg.From
    Send({ Target = Next, Action = "Ask", Data = msg.Data })
  end
end)

Handlers.add("answer", "Answer", function(msg)
  local question = string.sub(msg.Data, 1, -2)
  local asker = Askers[question]
  Askers[question] = nil
  Send({ Target = asker, Action = "Answer", Data = msg.Data })
end)
