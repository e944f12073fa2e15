namespace Armada.Silo.Arena;

internal sealed partial class ArenaSession
{
    private readonly ILogger<ArenaSession> logger;

    [LoggerMessage(1300, LogLevel.Information, "{Robot}: {Client} of {Caller} connected")]
    private partial void LogEntered(string robot, string client, string caller);

    [LoggerMessage(1301, LogLevel.Information, "{Robot}: {Client} left: {Reason}")]
    private partial void LogLeft(string robot, string client, string reason);

    [LoggerMessage(1302, LogLevel.Debug, "{Robot}: {Client} sent what is no message: {Problem}")]
    private partial void LogBad(string robot, string client, string problem);
}
