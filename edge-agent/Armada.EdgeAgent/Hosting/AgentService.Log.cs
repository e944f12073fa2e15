using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Hosting;

internal sealed partial class AgentService
{
    [LoggerMessage(3400, LogLevel.Information, "Agent started: {Devices} device(s), {Links} link(s), {Pairs} local pair(s)")]
    private partial void LogStarted(int devices, int links, int pairs);
}
