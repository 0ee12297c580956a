--- What all five processes of TIM3 know about TIM3.
--
--   PROCESSES    their names, as in manifest.toml: `roles` of config.install
--   TIMEOUT_MS   how long a step may go unanswered, unless SetLimits says otherwise
return {
  PROCESSES = {
    "mock_usda",
    "coordinator",
    "state_manager",
    "lock_manager",
    "token_manager",
  },
  TIMEOUT_MS = 300000,
}
