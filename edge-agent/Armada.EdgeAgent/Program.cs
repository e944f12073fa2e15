using Armada.EdgeAgent.Cli;

return await AgentCommands.RunAsync(args);
