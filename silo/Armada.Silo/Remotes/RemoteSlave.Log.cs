namespace Armada.Silo.Remotes;

internal sealed partial class RemoteSlave
{
    private readonly ILogger<RemoteSlave> logger;

    [LoggerMessage(1320, LogLevel.Information, "{Robot}: remote slave {Slave} is connected at {Address}")]
    private partial void LogConnected(string robot, string slave, string address);

    [LoggerMessage(1321, LogLevel.Warning, "{Robot}: remote slave {Slave} at {Address}: {Trouble}; tried again for ever")]
    private partial void LogTrouble(string robot, string slave, string address, string trouble);

    [LoggerMessage(1322, LogLevel.Debug, "{Robot}: remote slave {Slave} sent what cannot be used: {Problem}")]
    private partial void LogBad(string robot, string slave, string problem);

    [LoggerMessage(1323, LogLevel.Debug, "{Robot}: remote slave {Slave} says: {Text}")]
    private partial void LogError(string robot, string slave, string text);

    [LoggerMessage(1324, LogLevel.Error, "{Robot}: the link to remote slave {Slave} failed and has ended")]
    private partial void LogFault(Exception fault, string robot, string slave);
}
